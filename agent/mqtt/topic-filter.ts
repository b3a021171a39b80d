/** Topic names and filters by the rules of MQTT 5, section 4.7; 3.1.1 has the same. */

const textBytesMax = 65_535;

/** Whether a client may subscribe to it: `+` fills a level, `#` only at the end, no NUL, not empty. */
export function isTopicFilter(text: string): boolean {
  if (!isMqttText(text)) return false;
  const levels = text.split('/');
  return levels.every((level, index) => {
    if (level === '#') return index === levels.length - 1;
    return level === '+' || !/[+#]/.test(level);
  });
}

/** Whether a client may publish to it: no wildcards, no NUL, not empty. A broker hangs up on anything else. */
export function isTopicName(text: string): boolean {
  return isMqttText(text) && !/[+#]/.test(text);
}

/** `filter` is trusted to be one. A filter that begins with a wildcard does not match `$…` (4.7.2). */
export function matchesFilter(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true; // also the parent itself: `a/#` matches `a`
    if (index >= levels.length) return false;
    if (level !== '+' && level !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}

function isMqttText(text: string): boolean {
  return text.length > 0 && !text.includes('\0') && text.isWellFormed() && Buffer.byteLength(text) <= textBytesMax;
}
