// Passkeys. A form marked data-passkey carries a question of ours; the browser's answer is sent by it.
// Without this script, or where a browser knows no passkeys, such forms stay hidden and the password is left.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const understood = (asked) => ({
  ...asked,
  challenge: bytes(asked.challenge),
  ...(asked.user && { user: { ...asked.user, id: bytes(asked.user.id) } }),
  ...(asked.allowCredentials && { allowCredentials: asked.allowCredentials.map((one) => ({ ...one, id: bytes(one.id) })) }),
  ...(asked.excludeCredentials && { excludeCredentials: asked.excludeCredentials.map((one) => ({ ...one, id: bytes(one.id) })) }),
});

const plain = ({ id, rawId, type, response }) => ({
  id,
  rawId: text(rawId),
  type,
  response: {
    clientDataJSON: text(response.clientDataJSON),
    ...(response.attestationObject && {
      attestationObject: text(response.attestationObject),
      transports: response.getTransports ? response.getTransports() : [],
    }),
    ...(response.authenticatorData && {
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    }),
  },
  clientExtensionResults: {},
});

let waiting = null; // one question at a time: the one behind the e-mail field gives way

const ask = async (form, mediation) => {
  waiting?.abort();
  waiting = new AbortController();
  const publicKey = understood(JSON.parse(form.dataset.passkey));
  const asked = { publicKey, signal: waiting.signal, ...(mediation && { mediation }) };
  const answer = publicKey.user ? await navigator.credentials.create(asked) : await navigator.credentials.get(asked);
  form.elements.credential.value = JSON.stringify(plain(answer));
  form.submit();
};

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  const trouble = form.querySelector("[data-trouble]");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    trouble.textContent = "";
    ask(form).catch(() => {
      trouble.textContent = trouble.dataset.trouble;
    });
  });
  if (form.hasAttribute("data-offered")) {
    PublicKeyCredential.isConditionalMediationAvailable?.().then((offered) => offered && ask(form, "conditional"), () => {}).catch(() => {});
  }
}
