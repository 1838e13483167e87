// Shows our page in Locust's tab "Failover", which Locust itself leaves empty.
"use strict";
(() => {
  const frame = document.createElement("iframe");
  frame.src = "./failover/";
  frame.title = "Failover";
  frame.style.cssText = "border:0;width:100%;min-height:400px;display:block";
  const place = () => {
    const tabs = document.querySelector("[role=tablist]");
    const shown = new URLSearchParams(location.search).get("tab") === "failover";
    const container = tabs && tabs.closest(".MuiContainer-root");
    if (!shown || !container) {
      frame.remove();
    } else if (frame.parentNode !== container) {
      container.append(frame);
    }
  };
  addEventListener("message", (event) => {
    if (event.source === frame.contentWindow && Number.isFinite(event.data.height)) {
      frame.style.height = `${event.data.height}px`;
    }
  });
  new MutationObserver(place).observe(document.getElementById("root"), { childList: true, subtree: true });
  addEventListener("popstate", place);
  place();
})();
