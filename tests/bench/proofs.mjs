// proofs.mjs ISSUER COUNT DIR: COUNT proofs of as many users, as BetterAuth would sign them, one a line in DIR/proofs, and
// its key set in DIR/provider.jwks.
import { generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";

const [issuer, count, dir] = process.argv.slice(2);
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const now = Math.floor(Date.now() / 1000);
const head = base64url({ alg: "EdDSA", kid: "bench" });
const proofs = Array.from({ length: Number(count) }, (_, i) => {
  const text = `${head}.${base64url({
    iat: now, name: "Ann Bee", email: `user${i}@example.org`, emailVerified: true, role: "user", banned: false,
    createdAt: "2026-01-02T03:04:05.678Z", updatedAt: "2026-01-02T03:04:05.678Z",
    id: `user${i}`, sub: `user${i}`, exp: now + 3600, iss: issuer, aud: issuer,
  })}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString("base64url")}`;
});
writeFileSync(`${dir}/proofs`, proofs.join("\n") + "\n");
const jwk = publicKey.export({ format: "jwk" });
writeFileSync(`${dir}/provider.jwks`, JSON.stringify({ keys: [{ ...jwk, kid: "bench", alg: "EdDSA" }] }), { mode: 0o644 });
