import * as v from 'valibot';
import { formatUsbPort } from '../../../drivers/serial/usb-port.ts';
import { isPlainMap } from '../plain-map.ts';
import { describeInput, message } from './issue.ts';
import { text } from './scalar.ts';
import { section } from './section.ts';

const byId = 'ls /dev/serial/by-id shows names that stay the same';

const portPath = v.pipe(
  v.string(({ input }) => message(`expected a port, found ${describeInput(input)}`, byId)),
  v.regex(/^(simulated:)?\/.+$/, ({ input }) => message(`not the path of a port: ${describeInput(input)}`, byId)),
  v.maxBytes(4_096, 'the path of the port is longer than 4096 bytes'),
  v.description('Path of the device, or `simulated:/path/of.sock`.'),
  v.examples(['/dev/serial/by-id/usb-example-if00', '/dev/ttyAMA0']),
);

/** YAML reads 0403 as a number, and 04e2 as another one: only quotes keep what was written. */
function usbId(what: string) {
  return v.pipe(
    v.string(({ input }) =>
      message(`expected ${what}, found ${describeInput(input)}`, 'in quotes, as lsusb shows it: "0403"'),
    ),
    v.regex(/^[0-9a-fA-F]{4}$/, ({ input }) =>
      message(`not ${what}: ${describeInput(input)}`, 'four hex digits in quotes, as lsusb shows them: "0403"'),
    ),
    v.description(`Four hex digits in quotes, as lsusb shows them: ${what}.`),
    v.examples(['0403']),
  );
}

const usbPort = v.pipe(
  section(
    {
      vendorId: usbId('a vendor id'),
      productId: usbId('a product id'),
      serialNumber: v.optional(
        v.pipe(
          text('a serial number', 126),
          v.description('Of the adapter, where two of the same kind are plugged in.'),
        ),
      ),
    },
    { example: { vendorId: 'vendorId: "0403"', productId: 'productId: "6001"' } },
  ),
  v.transform(({ vendorId, productId, serialNumber }) =>
    formatUsbPort({
      vendorId: vendorId.toLowerCase(),
      productId: productId.toLowerCase(),
      ...(serialNumber !== undefined && { serialNumber }),
    }),
  ),
);

const anyPort = v.union([portPath, usbPort]);
const run: (typeof anyPort)['~run'] = (dataset, config) =>
  isPlainMap(dataset.value) ? usbPort['~run'](dataset, config) : portPath['~run'](dataset, config);

/** A union that looks at the shape first, so that a fault inside the map is told and not only "neither fits". */
export const port = v.pipe(
  { ...anyPort, '~run': run },
  v.description('Path of the device, or vendor, product and serial number of the USB adapter.'),
);
