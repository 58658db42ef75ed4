// Scans tickets in the page where the browser can read QR codes; elsewhere the phone's own camera app does it.
(() => {
  const box = document.querySelector("[data-scan]");
  if (!box || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  const [button, said, video] = [box.querySelector("button"), box.querySelector("p"), box.querySelector("video")];
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const look = async () => {
    if (video.hidden) return;
    const codes = await detector.detect(video).catch(() => []);
    for (const code of codes) {
      let url;
      try { url = new URL(code.rawValue); } catch { continue; }
      if (url.origin === location.origin && url.pathname.startsWith(box.dataset.scan)) {
        location.assign(url.pathname);
        return;
      }
    }
    setTimeout(look, 150);
  };
  box.hidden = false;
  button.addEventListener("click", async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.hidden = false;
      button.hidden = true;
      await video.play();
      look();
    } catch {
      said.textContent = said.dataset.refused;
    }
  });
})();
