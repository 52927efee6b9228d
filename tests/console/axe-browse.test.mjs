// axe-core on each state of the control planes' own lists, their dialogs, and connecting.
import { axeFindsNothing } from "./axe.mjs";
import { BROWSE, PROVISIONING } from "./tours.mjs";

axeFindsNothing(BROWSE);
axeFindsNothing(PROVISIONING);
