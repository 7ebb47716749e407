// The check-in code in what a camera, a scanner or a hand gave. The same rule stands in participants/codes.py.

const CODE = /^[2-9A-HJ-NP-Z]{6}$/;

/** The code, or "" when there is none. Takes the bare code as people write it, and the address in a person's QR. */
export function codeIn(text, slug) {
  let given = String(text).normalize("NFKC").trim();
  if (/[/?]/.test(given)) {
    let address;
    try {
      address = new URL(given, location.origin);
    } catch {
      return "";
    }
    if (!address.pathname.includes(`/e/${slug}/`)) return "";
    given = address.searchParams.get("k") ?? "";
  }
  const code = given.replace(/[\s\-_.·]/g, "").toUpperCase();
  return CODE.test(code) ? code : "";
}
