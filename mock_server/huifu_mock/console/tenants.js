// The choice of the tenant that is shown, and below it what can be done to one as a whole.
import { getText } from "./api.js";
import { watch } from "./data.js";
import { html, save } from "./parts.js";
import { go, route, state, t, toast, update } from "./store.js";

export const NOTHING_CHOSEN = { open: "", q: "", only: [], session: "" };

export const called = (id) => (state.names[id] ? `${state.names[id]} · ${id}` : id);

// What stands below the tenants in the list. The default tenant is the examples' own: it is never dropped
// from here, nor is the last one, without which there is nothing to show.
const ACTIONS = [
  { value: "+", words: "newTenant", dialog: "tenant" },
  { value: "file", words: "saveTenant" },
  { value: "!", words: "resetTenant", dialog: "reset" },
  { value: "-", words: "dropTenant", dialog: "drop", offered: () => route.tenant !== state.about?.default_tenant && state.tenants.length > 1 },
];

function chosen(event) {
  const action = ACTIONS.find((one) => one.value === event.target.value);
  if (!action) return showTenant(event.target.value);
  event.target.value = route.tenant;
  return action.dialog ? update({ dialog: action.dialog }) : saveTenant();
}

export function showTenant(tenant) {
  go({ ...NOTHING_CHOSEN, tenant });
  watch();
}

export function TenantChoice() {
  const known = [...new Set([...state.tenants, route.tenant].filter(Boolean))];
  const actions = ACTIONS.filter((one) => !one.offered || one.offered());
  return html`<label class="tenant"><span class="unseen">${t("tenant")}</span><select value=${route.tenant} onChange=${chosen} title=${called(route.tenant)}>
    ${known.map((one) => html`<option key=${one} value=${one}>${called(one)}</option>`)}
    ${actions.map(({ value, words, dialog }) => html`<option key=${value} value=${value}>${t(words)}${dialog ? "…" : ""}</option>`)}</select></label>`;
}

async function saveTenant() {
  try {
    save(`capsule-${route.tenant}.json`, await getText("/capsule"));
    toast(t("tenantSaved"));
  } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
}
