import type { ChipLayout } from '../../../drivers/gpiochip/resolve.ts';

/** The header's chip has these names on every Raspberry Pi; behind them come lines of the board itself. */
const header = ['ID_SDA', 'ID_SCL', ...Array.from({ length: 26 }, (_, index) => `GPIO${index + 2}`)];

/** Chips of real boards as `gpiodetect` shows them: number, label, how many lines. */
const boards: readonly (readonly [board: string, ...chips: readonly (readonly [number, string, number])[]])[] = [
  ['Pi 3, kernel 6.1', [0, 'pinctrl-bcm2835', 54], [1, 'brcmvirt-gpio', 2], [2, 'raspberrypi-exp-gpio', 8]],
  ['Pi 3, kernel 6.12', [0, 'pinctrl-bcm2835', 54], [1, 'raspberrypi-exp-gpio', 8]],
  ['Pi 4, kernel 6.1', [0, 'pinctrl-bcm2711', 58], [1, 'raspberrypi-exp-gpio', 8]],
  ['Pi 4, kernel 6.6.47', [0, 'pinctrl-bcm2711', 58], [1, 'raspberrypi-exp-gpio', 8]],
  ['Pi 5, kernel 6.1', ...brcmstb(0), [4, 'pinctrl-rp1', 54]],
  ['Pi 5, kernel 6.6.20', ...brcmstb(0), [4, 'pinctrl-rp1', 54]],
  ['Pi 5, kernel 6.6.45 and later', [0, 'pinctrl-rp1', 54], ...brcmstb(10)],
  ['Pi 5, kernel 6.12.96', ...brcmstb(11), [15, 'pinctrl-rp1', 54]],
];

function brcmstb(first: number): readonly (readonly [number, string, number])[] {
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

export const piLayouts: readonly PiLayout[] = boards.map(([board, ...rows]) => {
  const chips = rows.map(([number, label, linesCount]) => ({
    path: `/dev/gpiochip${number}`,
    label,
    lineNames: lineNames(label, linesCount),
  }));
  const main = chips.find(({ label }) => label.startsWith('pinctrl-'));
  return { board, chips, headerPath: main?.path ?? '', headerLabel: main?.label ?? '' };
});

/** Lines nobody named are `-` on the brcmstb chips of a Pi 5, and empty elsewhere. */
function lineNames(label: string, linesCount: number): readonly string[] {
  const known = label.startsWith('pinctrl-') ? header : [];
  const filler = label.startsWith('gpio-brcmstb') ? '-' : '';
  return Array.from({ length: linesCount }, (_, offset) => known[offset] ?? filler);
}
