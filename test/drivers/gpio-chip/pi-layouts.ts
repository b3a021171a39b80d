import type { ChipLayout } from '../../../drivers/gpiochip/resolve.ts';

type Chip = readonly [number: number, label: string, linesCount: number];

interface Board {
  readonly board: string;
  /** In the order of their numbers, as `gpiodetect` shows them. */
  readonly chips: readonly Chip[];
  /** How the device tree calls the lines of the header. */
  readonly names: 'numbers' | 'functions';
  /** Who saw it. Where nobody did, what was inferred, and from what. */
  readonly source: string;
}

/** Names of the header's lines by their number, and by what they are there for: which ones a board has is up to its device tree. */
const headers: { readonly [Names in Board['names']]: readonly string[] } = {
  numbers: ['ID_SDA', 'ID_SCL', ...numbered(2, 27)],
  functions: [
    ...['ID_SDA', 'ID_SCL', 'SDA1', 'SCL1', 'GPIO_GCLK', 'GPIO5', 'GPIO6'],
    ...['SPI_CE1_N', 'SPI_CE0_N', 'SPI_MISO', 'SPI_MOSI', 'SPI_SCLK', 'GPIO12', 'GPIO13', 'TXD1', 'RXD1'],
    ...numbered(16, 27),
  ],
};

const bcm2835: Chip = [0, 'pinctrl-bcm2835', 54];
const bcm2711: Chip = [0, 'pinctrl-bcm2711', 58];
const pi3: readonly Chip[] = [bcm2835, [1, 'brcmvirt-gpio', 2], [2, 'raspberrypi-exp-gpio', 8]];
const pi3Plus: readonly Chip[] = [bcm2835, [1, 'raspberrypi-exp-gpio', 8]];
const pi4: readonly Chip[] = [bcm2711, [1, 'raspberrypi-exp-gpio', 8]];

const pi3Tree = 'bcm2710-rpi-3-b.dts in arch/arm/boot/dts/broadcom of raspberrypi/linux: names, and the virtual chip';
const pi4Tree = 'bcm2711-rpi-4-b.dts in arch/arm/boot/dts/broadcom of raspberrypi/linux: names';
const wiringPi = 'gpiodetect in WiringPi/WiringPi, issue 280';

const boards: readonly Board[] = [
  {
    ...{ board: 'Pi 3 B, kernel 6.1', chips: pi3, names: 'functions' },
    source: 'mattjlewis/diozero, issue 121: BT_ON is on chip 2; RotorHazard/RotorHazard, doc/pi3b_gpio.md: names',
  },
  { board: 'Pi 3 B, kernel 6.6', chips: pi3, names: 'functions', source: `${pi3Tree}; numbers inferred from 6.1` },
  {
    ...{ board: 'Pi 3 B, kernel 6.6.45 and later', chips: pi3, names: 'functions' },
    source: `${pi3Tree}; the aliases of raspberrypi/linux, pull request 6144, leave chip 0 where it was: ${wiringPi} has it for a Pi 4`,
  },
  { board: 'Pi 3 B, kernel 6.12', chips: pi3, names: 'functions', source: `${pi3Tree}; numbers inferred from 6.6` },
  {
    board: 'Pi 3 B+, kernel 6.12',
    chips: pi3Plus,
    names: 'functions',
    source: 'as the Pi 3 B; it has no virtual chip',
  },
  {
    ...{ board: 'Pi 4, kernel 6.1', chips: pi4, names: 'functions' },
    source: 'gpiodetect and gpioinfo of a Compute Module 4 in joan2937/pigpio, issue 578',
  },
  { board: 'Pi 4, kernel 6.6', chips: pi4, names: 'numbers', source: `${pi4Tree}; numbers inferred from 6.6.47` },
  { board: 'Pi 4, kernel 6.6.47', chips: pi4, names: 'numbers', source: `${wiringPi}; ${pi4Tree}` },
  { board: 'Pi 4, kernel 6.12', chips: pi4, names: 'numbers', source: `${pi4Tree}; numbers inferred from 6.6.47` },
  {
    ...{ board: "Pi 4, Debian's own kernel 6.12", chips: pi4, names: 'functions' },
    source: 'bcm2711-rpi-4-b.dts in arch/arm/boot/dts/broadcom of torvalds/linux: names; numbers inferred from 6.6.47',
  },
  {
    ...{ board: 'Pi 5, kernel 6.1', chips: [...brcmstb(0), [4, 'pinctrl-rp1', 54]], names: 'numbers' },
    source: 'gpioinfo of the first image in golemparts/rppal, issue 127',
  },
  {
    ...{ board: 'Pi 5, kernel 6.6.20', chips: [...brcmstb(0), [4, 'pinctrl-rp1', 54]], names: 'numbers' },
    source: wiringPi,
  },
  {
    ...{ board: 'Pi 5, kernel 6.6.47', chips: [[0, 'pinctrl-rp1', 54], ...brcmstb(10)], names: 'numbers' },
    source: `${wiringPi}; names in Tom-Hirschberger/MMM-GPIO-Notifications, issue 35`,
  },
  {
    ...{ board: 'Pi 5, kernel 6.12', chips: [[0, 'pinctrl-rp1', 54], ...brcmstb(10)], names: 'numbers' },
    source: 'gpiozero/gpiozero, pull request 1216: /dev of a Pi 5; labels inferred from 6.6.47',
  },
  {
    ...{ board: 'Pi 5, kernel 6.12.96', chips: [...brcmstb(11), [15, 'pinctrl-rp1', 54]], names: 'numbers' },
    source: 'adafruit/Adafruit_Blinka, issue 1119: /dev of a Pi 5; labels inferred from the order of 6.6.20',
  },
];

function numbered(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `GPIO${first + index}`);
}

function brcmstb(first: number): readonly Chip[] {
  const chips = [
    ['107d508500', 32],
    ['107d508520', 4],
    ['107d517c00', 17],
    ['107d517c20', 6],
  ] as const;
  return chips.map(([address, linesCount], index) => [first + index, `gpio-brcmstb@${address}`, linesCount]);
}

export interface PiLayout {
  readonly board: string;
  readonly chips: readonly ChipLayout[];
  /** Where the header is on this board with this kernel. */
  readonly headerPath: string;
  readonly headerLabel: string;
}

export const piLayouts: readonly PiLayout[] = boards.map(({ board, chips: rows, names }) => {
  const chips = rows.map(([number, label, linesCount]) => ({
    path: `/dev/gpiochip${number}`,
    label,
    lineNames: lineNames(label, linesCount, headers[names]),
  }));
  const main = chips.find(({ label }) => label.startsWith('pinctrl-'));
  return { board, chips, headerPath: main?.path ?? '', headerLabel: main?.label ?? '' };
});

/** A board with a chip of every kind, for tests that need any. */
export const anyPi: PiLayout = piLayouts.find(({ board }) => board === 'Pi 4, kernel 6.6.47')!;

/** Lines nobody named are `-` on the brcmstb chips of a Pi 5, and empty elsewhere. */
function lineNames(label: string, linesCount: number, header: readonly string[]): readonly string[] {
  const known = label.startsWith('pinctrl-') ? header : [];
  const filler = label.startsWith('gpio-brcmstb') ? '-' : '';
  return Array.from({ length: linesCount }, (_, offset) => known[offset] ?? filler);
}
