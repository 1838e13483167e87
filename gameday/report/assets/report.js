"use strict";
const data = JSON.parse(document.getElementById("data").textContent);

// Copy for the incident channel; pages opened from a disk may lack the clipboard API.
const button = document.getElementById("copy");
button.addEventListener("click", async () => {
  const text = data.channel;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy for the incident channel"; }, 2000);
});

// Under the pointer: seconds from the fault, UTC, and what was answered there.
const tip = document.getElementById("tip");
for (const svg of document.querySelectorAll("svg.picture")) {
  const d = Object.fromEntries(Object.entries(svg.dataset).map(([k, v]) => [k, Number(v)]));
  const cross = svg.querySelector(".cross");
  const card = svg.parentElement;
  svg.addEventListener("pointerleave", () => {
    tip.style.display = "none";
    cross.style.display = "none";
  });
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * d.width;
    if (x < d.left || x > d.right) return;
    const t = d.start + (x - d.left) / (d.right - d.left) * (d.end - d.start);
    const i = Math.floor((t - data.traffic.start_s) / data.traffic.step_s);
    const at = new Date((data.fault_at + t / data.speed) * 1000).toISOString().slice(11, 23);
    const rows = Object.entries(data.traffic.ok).map(([r, v]) => `${r}  ${v[i] ?? 0}/s`);
    tip.textContent = [`T${t < 0 ? "-" : "+"}${Math.abs(t).toFixed(0)} s   ${at}Z`, ...rows,
      `failed  ${data.traffic.failed[i] ?? 0}/s   offered  ${data.traffic.offered[i] ?? 0}/s`].join("\n");
    tip.style.display = "block";
    const left = event.clientX - card.getBoundingClientRect().left;
    tip.style.left = `${Math.min(left + 14, card.clientWidth - tip.offsetWidth - 6)}px`;
    tip.style.top = `${event.clientY - card.getBoundingClientRect().top + 16}px`;
    cross.setAttribute("x1", x);
    cross.setAttribute("x2", x);
    cross.style.display = "block";
  });
}
