// One wish, one key: made when the page opens, kept until there is a final answer. Whoever presses again, reloads, or
// comes back to the tab, sends the same requests under the same keys, and neither order nor charge is made twice.
"use strict";

const field = (id) => document.getElementById(id);
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const keep = (wish) => sessionStorage.setItem("wish", JSON.stringify(wish));
const say = (text) => { field("said").textContent = text; };

// The token goes with the key: a page that is loaded again has a new one, but its wish is the old one.
const kept = sessionStorage.getItem("wish");
const wish = kept ? JSON.parse(kept) : { key: random(), token: document.querySelector("meta[name=page-token]").content };
keep(wish);

// What was sent once is not changed any more: it may have been done.
function lock(sending) {
  field("buy").disabled = sending;
  field("item").disabled = field("quantity").disabled = Boolean(wish.order);
}

class NotKnown extends Error {}
class Refused extends Error {}

async function post(path, key, body) {
  let response, answer;
  try {
    const headers = { "Authorization": `Page ${wish.token}`, "Idempotency-Key": `"${key}"` };
    if (body) headers["Content-Type"] = "application/json";
    response = await fetch(path, { method: "POST", headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(20000) });
    answer = await response.json();
  } catch {
    throw new NotKnown();
  }
  // Not a refusal: the request may have been done, or may still be.
  if (response.status >= 500 || response.headers.has("Retry-After")) throw new NotKnown();
  if (!response.ok) throw new Refused(answer.title);
  return answer;
}

async function buy() {
  if (!wish.order) wish.order = { item: field("item").value, quantity: Number(field("quantity").value) };
  keep(wish);
  lock(true);
  say("One moment …");
  try {
    const placed = await post("/orders", wish.key, wish.order);
    await post(`/orders/${placed.id}/pay`, `${wish.key}-pay`);
    sessionStorage.removeItem("wish");
    say(`Order ${placed.id} is placed and paid.`);
  } catch (error) {
    if (error instanceof Refused) {
      sessionStorage.removeItem("wish");
      say(`${error.message}. Load the page anew to try something else.`);
    } else {
      say("We do not know yet. Press again: you will not be charged twice.");
      lock(false);
    }
  }
}

if (wish.order) {
  field("item").value = wish.order.item;
  field("quantity").value = wish.order.quantity;
  say("We do not know yet what came of your order. Press again: you will not be charged twice.");
}
lock(false);
field("order").addEventListener("submit", (event) => {
  event.preventDefault();
  buy();
});
