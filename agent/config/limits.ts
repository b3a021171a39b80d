/** Every bound of configs, as they are read and as they are taken while the agent runs, unit last in its name. */

/** One config file. Over it: refuse the config. */
export const configFileBytesMax = 262_144;
/** The main file and its conf.d together. Over it: refuse the config. */
export const configFilesMax = 64;
/** Maps and lists inside each other in a config file. Over it: refuse the config. */
export const configDepthMax = 32;
/** Keys, items and values of one config file, with every alias written out. Over it: refuse the config. */
export const configNodesMax = 20_000;
/** Faults told at a time; the last one then says how many more there are. */
export const configFaultsMax = 100;
/** Syntax errors told per file: what comes behind the first few is mostly their echo. */
export const configSyntaxFaultsMax = 10;
/** So many characters of a text in a config count as one more of its keys and values. */
export const configNodeCharactersCount = 64;
/** Of YAML, what is parsed at a time while the agent runs. */
export const configLexemesPerStep = 64;
/** And so many keys and values are read from what was parsed. */
export const configNodesPerStep = 128;
/** What takes other configs is loaded when the agent is connected, or so long after its start. */
export const officeWaitMsMax = 1_000;
/** So long a new config has to prove itself. */
export const configVerifyMsMin = 1_000;
export const configVerifyMsMax = 600_000;
/** An actuator in a timed action delays the change of its document so long. Over it: refuse `busy`, nothing changed. */
export const configLeaseMsMax = 60_000;
export const configLeaseTryEveryMs = 20;
/** An agent that ran so long is well; one that did not so often in a row has a config that is not. */
export const bootProvenMs = 30_000;
export const failedBootsMax = 3;
/** A start waits so long until it is counted. Over it: go on, and it is counted when the disk answers. */
export const bootWriteMsMax = 10_000;
/** Configs that brought the agent down. When full: forget the oldest. */
export const failedConfigsMax = 8;
/**
 * Changes to one config that were taken back, or that the agent did not live through. From then on no retained message brings
 * it: one is a power cut, say, and a third life in a row without a healthy mark would be the fault of the config of before.
 */
export const failedChangesMax = 2;
/** Changes of the config that are kept, and how many of them are told in `state/config`. When full: forget the oldest. */
export const configHistoryCountMax = 32;
export const configHistoryToldMax = 8;
/** The control socket: connections at a time, a request, how long it may take to arrive, and its answer. */
export const controlConnectionsMax = 4;
export const controlRequestBytesMax = 8_192;
export const controlRequestMsMax = 5_000;
export const controlAnswerMsMax = 180_000;
/** While the agent stops, answers of the control socket are waited for so long. Over it: hang up. */
export const controlStopMsMax = 2_000;
/** qnctl waits so long for what becomes of a push: a lease, the new config's proof and its rollback. */
export const configPushMsMax = 240_000;
/** A signed push counts for so long, and one that the broker keeps for a node that is away. */
export const configTokenLifeMs = 3_600_000;
export const configRetainedLifeMs = 90 * 86_400_000;
/** Pushes of a roll-out that are under way at a time: so many can be hit before one is heard that failed. And with --parallel. */
export const rollOutAtOnceMax = 16;
export const rollOutParallelMax = 256;
export const rollOutWatchEveryMs = 250;
