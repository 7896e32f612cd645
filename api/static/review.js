// The desk's keys: one each. Without this file every form still works.
"use strict";
const by = (id) => document.getElementById(id);
const told = (text) => { by("told").textContent = text; };
const boxes = [...document.querySelectorAll("#confirm input[type=checkbox]")];
const open = () => document.querySelector("dialog[open]");

function confirmCase() {
  const missing = boxes.find((box) => !box.checked);
  if (missing) {
    missing.focus();
    told(by("told").dataset.unticked);
  } else {
    by("confirm-next").click();
  }
}

function reject(button) {
  if (button.value !== "other") {
    button.click();
    return;
  }
  // Another reason needs a note: it is written in the form of the page.
  open().close();
  by("reason").value = "other";
  by("note").focus();
}

function jump(id) {
  const field = by(id);
  if (!field) return;
  field.focus();
  if (field.select) field.select();
}

function clip() {
  const video = by("clip");
  if (video) video.paused ? video.play() : video.pause();
}

const keys = {
  k: confirmCase,
  t: () => by("reasons").showModal(),
  p: () => jump("plate"),
  m: () => jump("ask-note"),
  n: () => by("skip").click(),
  v: clip,
  "?": () => by("help").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (localStorage.getItem("keys") === "off") return;
  const key = event.key.toLowerCase();
  const dialog = open();
  if (dialog) {
    const button = dialog.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (button) {
      event.preventDefault();
      reject(button);
    }
    return;
  }
  if (boxes[Number(key) - 1]) {
    event.preventDefault();
    boxes[Number(key) - 1].click();
  } else if (keys[key]) {
    event.preventDefault();
    keys[key]();
  }
});

document.querySelectorAll("#reasons [value=other]").forEach((button) =>
  button.addEventListener("click", (event) => { event.preventDefault(); reject(button); }));
// A second press of a key must not decide the next case: one form goes off once.
let sent = false;
document.addEventListener("submit", (event) => {
  if (event.target.method === "dialog") return;
  if (sent) event.preventDefault();
  sent = true;
});
window.addEventListener("pageshow", () => { sent = false; });
by("help-open").hidden = false;
by("help-open").addEventListener("click", keys["?"]);

// Who speaks to the machine, or types by accident, switches the keys off.
by("keys-on").checked = localStorage.getItem("keys") !== "off";
by("keys-on").addEventListener("change", (event) => localStorage.setItem("keys", event.target.checked ? "on" : "off"));
