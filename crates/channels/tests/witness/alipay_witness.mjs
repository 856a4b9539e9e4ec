// Verifies what the adapter signed, and what is signed for it to verify, with npm's alipay-sdk. The library has no door to
// sign as Alipay does, so Node's own crypto signs, and the library has to accept it before the adapter is asked.
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// `import` does not look where NODE_PATH says; `require` does.
const { AlipaySdk } = createRequire(import.meta.url)('alipay-sdk');

setTimeout(() => process.exit(1), 60_000).unref();
const question = JSON.parse(readFileSync(0, 'utf8'));
const sdk = (alipayPublicKey) =>
  new AlipaySdk({ appId: '2021', keyType: 'PKCS8', privateKey: question.merchant_private, alipayPublicKey });
const merchant = sdk(question.merchant_public);
const provider = sdk(question.provider_public);
const sign = (text) => createSign('RSA-SHA256').update(text, 'utf8').sign(question.provider_private, 'base64');

function accepts(check) {
  try {
    return check() !== false;
  } catch {
    return false;
  }
}

const request = (form) => accepts(() => merchant.checkNotifySignV2(Object.fromEntries(new URLSearchParams(form))));

function notification(members) {
  const text = Object.keys(members).sort().map((name) => `${name}=${members[name]}`).join('&');
  const signed = { ...members, sign: sign(text), sign_type: 'RSA2' };
  const tampered = { ...signed, total_amount: '19.98' };
  return {
    form: new URLSearchParams(signed).toString(),
    accepted: accepts(() => provider.checkNotifySignV2(signed)),
    tampered_accepted: accepts(() => provider.checkNotifySignV2(tampered)),
    accepted_by_v1: accepts(() => provider.checkNotifySign(signed)),
  };
}

function answer({ node, text }) {
  const signature = sign(text);
  const whole = `{"${node}": ${text} ,"sign":"${signature}"}`;
  const checks = (answer) => accepts(() => provider.checkResponseSign(answer, node, signature));
  return { text: whole, accepted: checks(whole), tampered_accepted: checks(whole.replace('19.99', '19.98')) };
}

console.log(JSON.stringify({
  requests: question.requests.map(request),
  notification: notification(question.notification),
  answer: answer(question.answer),
}));
