// A merchant with Alipay through npm's alipay-sdk: it signs, and verifies every answer and notification.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// `import` does not look where NODE_PATH says; `require` does.
const { AlipaySdk } = createRequire(import.meta.url)('alipay-sdk');

setTimeout(() => process.exit(1), 60_000).unref();
const question = JSON.parse(readFileSync(0, 'utf8'));
const sdk = new AlipaySdk({
  appId: question.app_id,
  keyType: 'PKCS8',
  privateKey: question.private_key,
  alipayPublicKey: question.public_key,
  gateway: question.gateway,
  camelcase: false,
});

async function call([method, bizContent]) {
  try {
    return await sdk.exec(method, { notify_url: question.notify_url, bizContent }, { validateSign: true });
  } catch (error) {
    if (error.message.includes('验签失败')) return 'not verified';
    throw error;
  }
}

// Not `checkNotifySign`: it decodes what was decoded.
const isBelieved = (form) => sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(form)));

const answers = [];
for (const each of question.calls) answers.push(await call(each));
console.log(JSON.stringify({ answers, notifications: question.notifications.map(isBelieved) }));
