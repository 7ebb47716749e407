// Sound and vibration: the result is heard and felt where nobody has time to look. Tones are made, not loaded.

const TONES = { // [Hz, start s, length s]
  checked_in: [[880, 0, 0.09], [1320, 0.1, 0.16]],
  already: [[620, 0, 0.12], [620, 0.17, 0.12]],
  not_confirmed: [[440, 0, 0.14], [330, 0.16, 0.22]],
  unknown: [[196, 0, 0.4]],
  full: [[196, 0, 0.4]],
};
const SHAKES = { checked_in: [60], already: [60, 60, 60], not_confirmed: [120, 80, 120], unknown: [350], full: [350] };

export class Signals {
  constructor(choices) {
    this.choices = choices; // {sound, vibration}: booleans, read at each signal
    // A browser gives a page its voice only after a touch.
    const wake = () => { this.audio ??= new AudioContext(); this.audio.resume(); };
    document.addEventListener("pointerdown", wake, { passive: true });
    document.addEventListener("keydown", wake, { passive: true });
  }

  give(result) {
    if (this.choices.vibration) navigator.vibrate?.(SHAKES[result] ?? []);
    if (!this.choices.sound || this.audio?.state !== "running") return;
    for (const [pitch, start, length] of TONES[result] ?? []) this.tone(pitch, this.audio.currentTime + start, length);
  }

  tone(pitch, start, length) {
    const voice = this.audio.createOscillator();
    const loudness = this.audio.createGain();
    voice.frequency.value = pitch;
    voice.type = pitch < 250 ? "square" : "sine";
    loudness.gain.setValueAtTime(0.25, start);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + length);
    voice.connect(loudness).connect(this.audio.destination);
    voice.start(start);
    voice.stop(start + length);
  }
}
