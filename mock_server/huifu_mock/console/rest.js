// All that a list of calls can be drawn without.
export { Connect } from "./connect.js";
export { Deliveries, DeliveryDrawer, ReceiverDialog } from "./deliveries.js";
export { CallDrawer } from "./detail.js";
export { Faults } from "./faults.js";
export { HelpDialog, pressed } from "./keys.js";
export { NoCalls } from "./nocalls.js";
export { OrderDrawer, Orders, SeedDialog } from "./orders.js";
export { AskedDialog, TenantDialog } from "./tenantdialogs.js";
