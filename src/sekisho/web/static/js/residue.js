// The clock of what may outlive its revocation: counts down to the instant that the page names in words.

const clocks = [...document.querySelectorAll("time[data-until]")];
const language = document.documentElement.lang === "ja" ? { h: "時間", m: "分", s: "秒" } : { h: " h ", m: " min ", s: " s" };
const skew = Date.parse(document.querySelector("[data-now]")?.dataset.now ?? "") - Date.now() || 0;

const tick = () => {
  for (const clock of clocks) {
    const left = Math.max(0, Math.round((Date.parse(clock.dateTime) - Date.now() - skew) / 1000));
    const [h, m, s] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    const words = h ? `${h}${language.h}${m}${language.m}` : `${m}${language.m}${s}${language.s}`;
    clock.textContent = left ? clock.dataset.left.replace("{t}", words.trim()) : clock.dataset.over;
  }
};
if (clocks.length) { tick(); setInterval(tick, 1000); }
