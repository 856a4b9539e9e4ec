// Starts an OpenID provider at the port that is named. Whoever gives a name on its page is let in under that name.
const { generateKeyPairSync, webcrypto } = require('node:crypto');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

// The provider wants Node.js 22; with these two an older one runs it as well.
globalThis.crypto ??= webcrypto;
URL.parse ??= (text, base) => {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
};

const port = Number(process.argv[2]);
const key = (kind, options, more) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
  use: 'sig',
  ...more,
});
const client = (name, more) => ({
  client_id: name,
  client_secret: 'only on this machine: and+with%letters',
  redirect_uris: ['http://127.0.0.1/login/back', 'http://127.0.0.1/api/v1/login/web/callback'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  ...more,
});

const settings = {
  clients: [
    client('rs256', { id_token_signed_response_alg: 'RS256' }),
    client('es256', { id_token_signed_response_alg: 'ES256', token_endpoint_auth_method: 'client_secret_post' }),
    client('eddsa', {
      id_token_signed_response_alg: 'EdDSA',
      token_endpoint_auth_method: 'none',
      client_secret: undefined,
    }),
    client('ps256', { id_token_signed_response_alg: 'PS256' }),
  ],
  jwks: {
    keys: [
      key('rsa', { modulusLength: 2048 }, { kid: 'rsa' }),
      key('ec', { namedCurve: 'P-256' }, { kid: 'ec', alg: 'ES256' }),
      key('ed25519', {}, { kid: 'ed', alg: 'EdDSA' }),
    ],
  },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
  cookies: { keys: ['only-on-this-machine'] },
  features: { devInteractions: { enabled: true } },
  scopes: ['openid', 'profile', 'email', 'groups'],
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  pkce: { required: () => true },
  findAccount: (_, name) => ({
    accountId: name,
    claims: () => ({
      sub: name,
      name: `Person ${name}`,
      preferred_username: name,
      email: `${name}@example.test`,
      email_verified: !name.includes('unverified'),
      groups: ['staff', 'night shift'],
    }),
  }),
};

const home = path.join(process.env.NODE_PATH, 'oidc-provider', 'lib', 'index.js');
import(pathToFileURL(home).href)
  .then(({ default: Provider }) => {
    new Provider(`http://127.0.0.1:${port}`, settings).listen(port, '127.0.0.1');
  })
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
