import { asOwner } from './admit.ts';
import { type ConfigFacts, type Facts, placeOf } from './facts.ts';
import { shellWord } from './shell-word.ts';

/** What has the agent read it. Where the user who looks is another one than that of the agent, this one is to look first. */
export function secretFix({ resource, kind, fix }: ConfigFacts['secrets'][number], { user, board }: Facts): string {
  if (!resource.startsWith('/'))
    return fix ?? `sudo systemctl edit qn-agent, and write there: [Service] and below it Environment=${resource}=…`;
  if (board?.disk.isForeign === true) return asOwner;
  const file = shellWord(resource);
  const group = `"$(id -gn ${user.name})"`;
  if (kind === 'denied' && fix !== undefined) return `sudo chgrp ${group} ${file} && sudo chmod g+r,o= ${file}`;
  // Also what is empty or no secret at all: with tee a new one could be read by everybody.
  if (kind === 'absent' || (kind === 'out-of-range' && fix === undefined)) {
    const isPassword = placeOf(board?.config.mqtt.password) === resource;
    const [before, source] = isPassword ? [`printf %s 'THE PASSWORD' | `, '/dev/stdin'] : ['', 'A_COPY_OF_IT'];
    return `${before}sudo install -D -m 0640 -g ${group} ${source} ${file}`;
  }
  return fix ?? `ls -l ${file}`;
}
