// Plays the page: its script as it is, fields as plain objects, and a network that loses what the story says.
"use strict";
const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const vm = require("node:vm");

const [script, shop] = [readFileSync(process.argv[2], "utf8"), process.argv[3]];
const storage = new Map();

// Opens the page: `network` sees each request before it is sent, and decides what of its answer arrives.
async function open(network) {
  const html = await (await fetch(`${shop}/`)).text();
  const token = html.match(/page-token" content="([0-9a-f]{32})"/)[1];
  const fields = { item: { value: "tea" }, quantity: { value: "1" }, buy: {}, said: {} };
  fields.order = { addEventListener: (_, submit) => { fields.submit = submit; } };
  const sent = [];
  vm.runInNewContext(script, {
    document: { getElementById: (id) => fields[id], querySelector: () => ({ content: token }) },
    sessionStorage: {
      getItem: (name) => storage.get(name) ?? null,
      setItem: (name, value) => storage.set(name, value),
      removeItem: (name) => storage.delete(name),
    },
    crypto: globalThis.crypto, AbortSignal, JSON,
    fetch: (path, options) => {
      sent.push({ path, key: options.headers["Idempotency-Key"] });
      return network(sent.length, () => fetch(shop + path, options));
    },
  });
  return { fields, sent, press: () => { fields.submit({ preventDefault: () => {} }); return ended(fields); } };
}

// Until the script says something that is not "One moment".
async function ended(fields) {
  assert.strictEqual(fields.buy.disabled, true, "the button is locked while something is sent");
  for (let turn = 0; turn < 2000; turn += 1) {
    if (!fields.said.textContent.startsWith("One moment")) return fields.said.textContent;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("nothing is said");
}

const lost = async (_, send) => { await send(); throw new TypeError("the network was lost"); };
const whole = (_, send) => send();

(async () => {
  // The answer is lost; then the page is loaded anew; then the charge's answer is lost; then all goes well.
  const first = await open(lost);
  first.fields.quantity.value = "2";
  assert.match(await first.press(), /We do not know yet.*not be charged twice/);
  assert.strictEqual(first.fields.buy.disabled, false, "and may be pressed again");
  assert.strictEqual(first.fields.quantity.disabled, true, "for the same wish");

  const second = await open((number, send) => (number === 2 ? lost(number, send) : send()));
  assert.match(second.fields.said.textContent, /We do not know yet/);
  assert.strictEqual(second.fields.quantity.value, 2);
  assert.match(await second.press(), /We do not know yet/);
  assert.match(await second.press(), /Order \d+ is placed and paid/);
  assert.strictEqual(second.fields.buy.disabled, true);
  const keys = [...first.sent, ...second.sent].filter(({ path }) => path === "/orders").map(({ key }) => key);
  assert.strictEqual(keys.length, 3);
  assert.strictEqual(new Set(keys).size, 1, "one wish, one key");
  assert.strictEqual(storage.size, 0, "which has ended");

  // A refusal ends the key, and the next page has another.
  const third = await open(whole);
  third.fields.quantity.value = "99";
  assert.match(await third.press(), /There is not so much of it/);
  assert.strictEqual(storage.size, 0);
  assert.ok(!keys.includes(third.sent[0].key));
  console.log("played to its end");
})().catch((error) => { console.error(error); process.exit(1); });
