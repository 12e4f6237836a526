// A clock beside a moment: how long it is to go, or gone by. The server's time counts, not this machine's.

const parts = (seconds, units, join) => {
  const [days, hours, minutes, secs] = units;
  const found = [[days, Math.floor(seconds / 86400)], [hours, Math.floor(seconds / 3600) % 24], [minutes, Math.floor(seconds / 60) % 60]];
  if (seconds < 3600) found.push([secs, seconds % 60]);
  const first = found.findIndex(([, count]) => count > 0);
  const shown = first < 0 ? found.slice(-1) : found.slice(first, first + 2);
  return shown.map(([unit, count]) => unit.replace("{}", count)).join(join);
};

const tick = () => document.querySelectorAll("[data-clock]").forEach((one) => {
  if (!one.dataset.skew) one.dataset.skew = Date.parse(one.dataset.now) - Date.now();
  const gap = Date.parse(one.dataset.clock) - Date.now() - Number(one.dataset.skew);
  const words = gap > 0 ? one.dataset.to : one.dataset.since;
  one.textContent = words.replace("{}", parts(Math.floor(Math.abs(gap) / 1000), one.dataset.units.split("|"), one.dataset.join));
});

tick();
setInterval(tick, 1000);
