import { formatLine, type LineAddress } from '../contract/digital.ts';
import { type DriverError, fail, ok, type Result } from '../contract/result.ts';
import { driverError } from '../system-error.ts';
import { nearestLineNames } from './nearest-names.ts';

/** A chip as the kernel shows it. */
export interface ChipLayout {
  /** `/dev/gpiochip4`: only good until the next start, never in a config. */
  readonly path: string;
  /** `pinctrl-rp1`: what stays. */
  readonly label: string;
  /** By offset; empty for a line without a name. */
  readonly lineNames: readonly string[];
}

export interface LinePlace {
  readonly path: string;
  readonly offset: number;
}

const headerLabels: ReadonlySet<string> = new Set(['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1']);
const headerLinesCount = 28;

/**
 * Where a line is now. Numbers of chips move between kernels (the header of a Pi 5 was gpiochip4, gpiochip0 and
 * gpiochip15), names of lines and labels of chips do not. What is not there or not unique is `absent`.
 */
export function resolveLine(chips: readonly ChipLayout[], line: LineAddress): Result<LinePlace> {
  const resource = formatLine(line);
  return typeof line === 'string' ? resolveName(chips, line) : resolveOffset(chips, line, resource);
}

function resolveName(chips: readonly ChipLayout[], name: string): Result<LinePlace> {
  const places = name === '' ? [] : chips.flatMap((chip) => placesOf(chip, name));
  const [place] = places;
  if (place === undefined) {
    const header = headerPlace(chips, name);
    return header === undefined ? fail(unknownName(chips, name)) : ok(header);
  }
  if (places.length === 1) return ok({ path: place.path, offset: place.offset });
  const candidates = places.map(({ label, offset }) => `${label}:${offset}`).join(', ');
  const fix = `write { chip: LABEL, offset: N } for one of: ${candidates}`;
  return fail(absentError(name, `${places.length} lines have this name`, fix));
}

/**
 * `GPIO4` of a Raspberry Pi whose device tree calls that line by what it is there for, as `GPIO_GCLK`: the kernel of Raspberry
 * Pi OS does on a Pi 3, Debian's own on a Pi 4 as well. People know it by its number, which is the offset.
 */
function headerPlace(chips: readonly ChipLayout[], name: string): LinePlace | undefined {
  const [, digits] = /^GPIO(0|[1-9]\d?)$/.exec(name) ?? [];
  const [header, other] = chips.filter(({ label }) => headerLabels.has(label));
  if (digits === undefined || header === undefined || other !== undefined) return undefined;
  const offset = Number(digits);
  return offset < Math.min(headerLinesCount, header.lineNames.length) ? { path: header.path, offset } : undefined;
}

function placesOf({ path, label, lineNames }: ChipLayout, name: string) {
  return lineNames.flatMap((lineName, offset) => (lineName === name ? [{ path, label, offset }] : []));
}

function resolveOffset(
  chips: readonly ChipLayout[],
  { chip: label, offset }: { readonly chip: string; readonly offset: number },
  resource: string,
): Result<LinePlace> {
  const labelled = chips.filter((chip) => chip.label === label);
  const [chip] = labelled;
  const labels = chips.map((known) => `${known.label} (${known.lineNames.length} lines)`).join(', ');
  const fix = `write { chip: LABEL, offset: N } with one of: ${labels === '' ? 'no chips found' : labels}`;
  if (chip === undefined) return fail(absentError(resource, `no chip is labelled ${label}`, fix));
  if (labelled.length > 1) {
    const paths = labelled.map(({ path }) => path).join(', ');
    return fail(absentError(resource, `${labelled.length} chips are labelled ${label}: ${paths}`, 'use line names'));
  }
  if (chip.lineNames[offset] !== undefined) return ok({ path: chip.path, offset });
  return fail(absentError(resource, `${label} has the offsets 0 to ${chip.lineNames.length - 1} only`, fix));
}

function unknownName(chips: readonly ChipLayout[], name: string): DriverError {
  const names = nearestLineNames(name, new Set(chips.flatMap((chip) => chip.lineNames)));
  const labels = chips.map(({ label }) => label).join(', ');
  const detail = `no line of this name on ${labels === '' ? 'any chip' : labels}`;
  const fix =
    names.length === 0 ? 'write { chip: LABEL, offset: N }, see gpioinfo' : `did you mean ${names.join(', ')}`;
  return absentError(name, detail, fix);
}

function absentError(resource: string, detail: string, fix: string): DriverError {
  return driverError('absent', { operation: 'open', resource, fixes: { absent: fix } }, detail);
}
