// Somebody else's code verifies an access token of ours: jose, by way of our published JWKS.
// Run with its packages' directory as the current one: node --input-type=module - JWKS_URL ISSUER TOKEN <verify.mjs
import { createRemoteJWKSet, jwtVerify } from 'jose';

const [url, issuer, token] = process.argv.slice(2);
const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(url)), {
  issuer, audience: issuer, typ: 'at+jwt', requiredClaims: ['sub', 'sid', 'jti', 'client_id', 'exp', 'iat'],
});
console.log(payload.sub);
