// Two ways a code comes in without being typed: the camera, and a hardware scanner that types.

const FAST = 80; // ms between two keys; a scanner takes about 10, a hand more than 100

/**
 * Listens for a scanner that types a code or an address and ends with Enter. It takes nothing away from somebody who types:
 * while a field has the focus it is silent. Single slow keys are handed to `onKey`, once it is sure that no scanner follows.
 */
export class TypingScanner {
  constructor({ onText, onKey }) {
    Object.assign(this, { onText, onKey, text: "", at: 0 });
    document.addEventListener("keydown", (event) => this.key(event), true);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
    const now = event.timeStamp;
    if (now - this.at > FAST) this.text = "";
    this.at = now;
    clearTimeout(this.timer);
    if (event.key === "Enter" || event.key === "Tab") {
      const text = this.text;
      this.text = "";
      if (text.length < 4) return;
      event.preventDefault(); // or the focused button would be pressed by the scanner's Enter
      event.stopImmediatePropagation();
      this.onText(text);
      return;
    }
    // Under a Chinese input method the key says only "Process"; the place of the key still tells which it was.
    const character = event.key.length === 1 ? event.key : event.key === "Process" ? fromPlace(event) : "";
    if (!character) return;
    this.text += character;
    if (this.text.length > 1) event.preventDefault();
    else this.timer = setTimeout(() => { this.text = ""; this.onKey(character); }, FAST + 10);
  }
}

function fromPlace({ code, shiftKey }) {
  const letter = /^(?:Key|Digit)(.)$/.exec(code);
  if (letter) return shiftKey ? letter[1] : letter[1].toLowerCase();
  return { Slash: shiftKey ? "?" : "/", Minus: "-", Equal: "=", Semicolon: ":", Period: "." }[code] ?? "";
}

function isField(element) {
  return element instanceof HTMLElement && (element.isContentEditable || element.matches("input:not([type=radio], [type=checkbox]), textarea, select"));
}

/** The camera, read by the browser's own detector or, where it has none, by the vendored one. */
export class Camera {
  constructor({ video, settings, onText }) {
    Object.assign(this, { video, settings, onText, stream: null });
  }

  get open() {
    return Boolean(this.stream);
  }

  /** Rejects with the browser's reason when there is no camera or no permission. */
  async start() {
    this.detector ??= await detector(this.settings);
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 960 } },
    });
    this.video.srcObject = this.stream;
    await this.video.play();
    this.look();
  }

  stop() {
    clearTimeout(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
  }

  async look() {
    if (!this.stream) return;
    try {
      const [found] = await this.detector.detect(this.video);
      if (found) this.onText(found.rawValue);
    } catch {
      // A frame that cannot be read: the next one comes at once.
    }
    this.timer = setTimeout(() => this.look(), 120);
  }
}

async function detector({ ponyfill, wasm }) {
  const formats = ["qr_code"];
  if ("BarcodeDetector" in globalThis) {
    const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
    if (known.includes("qr_code")) return new BarcodeDetector({ formats });
  }
  if (!globalThis.BarcodeDetectionAPI) await load(ponyfill);
  const { BarcodeDetector: Vendored, prepareZXingModule } = globalThis.BarcodeDetectionAPI;
  prepareZXingModule({ overrides: { locateFile: () => wasm } });
  return new Vendored({ formats });
}

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error("the code reader did not load"));
    document.head.append(script);
  });
}
