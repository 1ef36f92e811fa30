// Passkeys are the one thing here that cannot be done without script. It asks the browser for one, puts the answer
// into the form and sends the form; until the browser is known to be able to, the button is hidden.
"use strict";
(() => {
  const part = document.getElementById("passkey");
  if (!part || !window.PublicKeyCredential) return;
  const button = part.querySelector("button");
  const answer = part.querySelector("input[name=passkey]");
  const problem = document.getElementById("passkey-problem");
  const options = JSON.parse(part.dataset.options);
  let waiting = null;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const credential of list || []) credential.id = bytes(credential.id);
  }

  const asJson = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
  };

  const ask = async (more) => {
    if (waiting) waiting.abort();
    waiting = new AbortController();
    const request = { publicKey: options, signal: waiting.signal, ...more };
    const credential = await navigator.credentials[part.dataset.kind](request);
    answer.value = asJson(credential);
    button.form.requestSubmit(button);
  };

  button.addEventListener("click", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    problem.hidden = true;
    try {
      await ask({});
    } catch {
      problem.hidden = false;
    }
  });

  part.hidden = false;
  for (const note of document.querySelectorAll(".without-script")) note.hidden = true;
  if ("autofill" in part.dataset && PublicKeyCredential.isConditionalMediationAvailable) {
    PublicKeyCredential.isConditionalMediationAvailable()
      .then((can) => (can ? ask({ mediation: "conditional" }) : null))
      .catch(() => null);
  }
})();
