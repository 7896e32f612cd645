// Copy buttons, the page that waits for the bank, and the telephone's position. Everything works without it, by hand.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    const told = document.getElementById(`${button.dataset.copy}-copied`);
    if (told) told.textContent = "Tersalin / Copied";
  });
}

for (const waiting of document.querySelectorAll("[data-poll]")) {
  const ask = async () => {
    try {
      const answer = await fetch(waiting.dataset.poll, { credentials: "same-origin" });
      if (answer.status === 403) return location.reload();
      if (answer.ok && (await answer.json()).stand !== waiting.dataset.seen) return location.reload();
    } catch {
      // The network is away for a moment: ask again.
    }
    setTimeout(ask, 3000);
  };
  setTimeout(ask, 3000);
}

for (const button of document.querySelectorAll("[data-locate]")) {
  if (!navigator.geolocation) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition((at) => {
      const form = button.closest("form");
      form.elements.latitude.value = at.coords.latitude.toFixed(5);
      form.elements.longitude.value = at.coords.longitude.toFixed(5);
    });
  });
}
