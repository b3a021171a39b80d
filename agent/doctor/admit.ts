import type { Facts } from './facts.ts';

/** For what only the user of the agent can see. */
export const asOwner = 'sudo qn-agent doctor';

/**
 * Opens devices to this user, now and not only at the next login. `group`: of who may read and write them; where there is
 * none, the usual one is let in until the next start.
 */
export function admitFix({ user, board }: Facts, devices: string, group: string | undefined, usual: string): string {
  if (board?.disk.isForeign === true) return asOwner; // Another user's rights are of no use to the agent.
  const toGroup = `sudo groupadd -f ${usual} && sudo chgrp ${usual} ${devices} && sudo chmod g+rw ${devices} && `;
  const joined = group ?? usual;
  const anew = user.name === 'qn-agent' ? 'sudo systemctl restart qn-agent' : `newgrp ${joined}`;
  return `${group === undefined ? toGroup : ''}sudo usermod -aG ${joined} ${user.name} && ${anew}`;
}
