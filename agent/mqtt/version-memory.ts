import { protocolRetryCount } from '../limits.ts';

/** Which version of MQTT to speak with one broker, from what it did when it was asked. */
export interface VersionMemory {
  readonly protocolVersion: 4 | 5;
  cameUp(): void;
  /** CONNACK refused the version. True when the other one may be tried at once. */
  refused(): boolean;
  /** It hung up on CONNECT without CONNACK, as some do that know only 3.1.1. True as above. */
  hungUp(): boolean;
  /** The connection ended, or did not come up, in any other way. */
  ended(wasUp: boolean): void;
}

/**
 * known: it spoke this version, or refused 5 by name. guessed: 3.1.1 for one attempt only, because a bad network hangs
 * up on CONNECT too, and must not cost MQTT 5 for good.
 */
interface Belief {
  readonly protocolVersion: 4 | 5;
  readonly how: 'assumed' | 'known' | 'guessed';
}

const assumed: Belief = { protocolVersion: 5, how: 'assumed' };

export function createVersionMemory(fixedVersion: 4 | 5 | undefined): VersionMemory {
  let belief: Belief = fixedVersion === undefined ? assumed : { protocolVersion: fixedVersion, how: 'known' };
  let failuresCount = 0;

  function believe(next: Belief): void {
    if (fixedVersion === undefined) belief = next;
    failuresCount = 0;
  }

  return {
    get protocolVersion() {
      return belief.protocolVersion;
    },
    cameUp() {
      if (belief.how === 'assumed') believe({ ...belief, how: 'known' });
      failuresCount = 0;
    },
    refused() {
      const isFirst = belief.protocolVersion === 5 && fixedVersion === undefined;
      believe(isFirst ? { protocolVersion: 4, how: 'known' } : assumed);
      return isFirst;
    },
    hungUp() {
      const mayGuess = belief.how === 'assumed';
      if (mayGuess) believe({ protocolVersion: 4, how: 'guessed' });
      return mayGuess;
    },
    ended(wasUp) {
      if (belief.how === 'guessed') return believe(assumed);
      if (wasUp) return;
      failuresCount += 1;
      if (failuresCount >= protocolRetryCount) believe(assumed); // It may be another broker by now.
    },
  };
}
