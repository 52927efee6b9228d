// axe-core on each state of the overview, of targets and their rotations, and of jobs.
import { axeFindsNothing } from "./axe.mjs";
import { OVERVIEW } from "./tours.mjs";

axeFindsNothing(OVERVIEW);
