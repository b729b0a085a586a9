// Asks for the first answers as soon as it is here itself, while the modules that draw are still on their way.
import { begin } from "./data.js";

export const begun = begin();
begun.catch(() => { /* app.js says why, once there is something to say it with */ });
