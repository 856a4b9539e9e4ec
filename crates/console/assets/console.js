// The console's own script: times in the browser's zone, a menu that is shut where there is little room, and forms that are sent
// once. Without it everything works.
"use strict";

// As the reader writes them, where they read the page's language: an en-GB one puts the day first.
const page = document.documentElement.lang;
const own = navigator.languages.find((tag) => tag.split("-")[0] === page.split("-")[0]) ?? page;
const inOwnZone = new Intl.DateTimeFormat(own, {
  dateStyle: "short", timeStyle: "medium",
});

// Filters by days mean those of the same zone.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`mideng-zone=${zone}`)) {
  document.cookie = `mideng-zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax`;
}

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

// The overview, kept alive: the server sends parts of it anew. Nothing is asked while nobody looks.
const live = document.querySelector("[data-stream]");
if (live && "EventSource" in window) {
  let stream = null;
  const still = document.getElementById("still");
  // Why the page stands still, for as long as it does. It is there when it is empty, too: what appears with its words is read to nobody.
  const say = (words) => {
    if (still.textContent === words) return;
    still.textContent = words;
    still.classList.toggle("notice", words !== "");
  };
  const open = () => {
    if (stream) return;
    stream = new EventSource(live.dataset.stream);
    stream.addEventListener("parts", (event) => {
      say("");
      show(event.data);
    });
    stream.addEventListener("over", () => location.reload());
    stream.addEventListener("full", (event) => {
      close();
      say(event.data);
    });
    // A stream that only broke off is asked for again by the browser itself.
    stream.addEventListener("error", () => {
      if (stream?.readyState !== EventSource.CLOSED) return;
      close();
      say(live.dataset.still);
    });
  };
  const close = () => {
    stream?.close();
    stream = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  open();
}

function show(text) {
  const parts = new DOMParser().parseFromString(text, "text/html");
  for (const part of parts.querySelectorAll("[data-part]")) {
    const place = document.getElementById(part.dataset.part);
    if (!place) continue;
    localise(part);
    if (part.dataset.part === "arrivals") {
      const rows = part.querySelectorAll("tr");
      if (part.hasAttribute("data-whole")) place.replaceChildren(...rows);
      else place.prepend(...rows);
      while (place.children.length > Number(place.dataset.most)) place.lastElementChild.remove();
    } else if (!place.contains(document.activeElement)) {
      place.replaceChildren(...part.childNodes);
    }
  }
}
