/** A suite that nothing fails proves nothing: each planted fault must be caught, and by the test that is for it. */
export const catches: readonly (readonly [fault: string, title: string])[] = [
  [
    'digital output contract: inverts the level, and what it reads back as well',
    'each write arrives at the wire before it returns',
  ],
  [
    'digital output contract: goes through low on its way to any level',
    'the same level again does not disturb the wire',
  ],
  [
    'digital output contract: opens low and then drives the first level',
    'opening low a wire that is low leaves it alone',
  ],
  [
    'digital output contract: drives low where it should take over what it finds',
    'a line opened as it is keeps the level 1 that it was found with',
  ],
  [
    'digital output contract: answers from memory after disposal',
    'after disposal writing and reading back fail with closed and leave the wire alone',
  ],
  ['digital output contract: never gives the line back', 'a disposed line can be opened again'],
  ['digital output contract: lets two have the same line', 'a line that is held is busy, and the wire does not notice'],
  ['digital input contract: tells each edge twice', 'edges come in order, alternate, and their stamps rise'],
  [
    'digital input contract: swallows every tenth pair of edges',
    'after a train of pulses the last edge is the level of the wire, and none was told twice',
  ],
  ['digital input contract: stamps edges backwards', 'edges come in order, alternate, and their stamps rise'],
  ['digital input contract: tells the inverse level', 'edges come in order, alternate, and their stamps rise'],
  ['digital output contract: takes the line beside', 'each write arrives at the wire before it returns'],
  [
    'digital output contract: reads once and remembers',
    'reading back gives what is on the wire, or says that it cannot',
  ],
  ['digital input contract: reads once and remembers', 'reading gives 0 when the wire is pulled there'],
  ['digital output contract: never closes its file', 'opening and disposing again and again leaves no file open'],
  ['digital input contract: never closes its file', 'opening and disposing again and again leaves no file open'],
  ['byte port contract: is not clean for the byte 255', 'all 256 values go out as they are'],
  ['byte port contract: loses the last byte of a full buffer', '64 KiB go out as they are'],
  [
    'byte port contract: says ok before anything was sent',
    'a write that nobody takes ends with timeout and says how much was sent',
  ],
  [
    'byte port contract: tells its own disposal as a loss',
    'after disposal writes fail with closed, twice is harmless, and onClosed is not called',
  ],
];
