// The console's own script: times in the browser's zone, a menu that is shut where there is little room, and forms that are sent
// once. Without it everything works.
"use strict";

const inOwnZone = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "short", timeStyle: "medium",
});

function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf())) time.textContent = inOwnZone.format(at);
  }
}

localise(document);
document.addEventListener("htmx:after:swap", () => localise(document));

const menu = document.querySelector("details.menu");
if (menu && matchMedia("(max-width: 52rem)").matches) menu.open = false;

// A second press sends the same key; the server answers it as the first. Nobody has to see that it was sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (button) button.setAttribute("aria-disabled", "true");
});
// Who comes back by the browser's button finds forms that can be sent.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
});
