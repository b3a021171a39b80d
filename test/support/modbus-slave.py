"""Modbus units on a serial line, by pymodbus. Arguments: port, baud, unit numbers.

Each unit begins with register N holding 100 * N + unit, in all tables, and with every third bit set.
Commands on standard input, one answer line each: mute UNIT, unmute UNIT, get TABLE UNIT ADDRESS COUNT (table 1 to 4),
set TABLE UNIT ADDRESS VALUE...
"""
import asyncio
import logging
import sys
import threading

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusSerialServer
from pymodbus.transaction import ModbusRtuFramer

SIZE = 40
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # Refusals are expected here.


def unit_of(number):
    words = [100 * index + number for index in range(SIZE)]
    bits = [index % 3 == 0 for index in range(SIZE)]
    return ModbusSlaveContext(
        co=ModbusSequentialDataBlock(0, list(bits)),
        di=ModbusSequentialDataBlock(0, list(bits)),
        hr=ModbusSequentialDataBlock(0, list(words)),
        ir=ModbusSequentialDataBlock(0, list(words)),
        zero_mode=True,
    )


def answer(units, shown, command, arguments):
    if command == "mute":
        del shown[arguments[0]]
        return "ok"
    if command == "unmute":
        shown[arguments[0]] = units[arguments[0]]
        return "ok"
    table, number, address, *rest = arguments
    if command == "get":
        return " ".join(str(int(value)) for value in units[number].getValues(table, address, rest[0]))
    units[number].setValues(table, address, rest)
    return "ok"


def obey(units, shown):
    for line in sys.stdin:
        command, *arguments = line.split()
        print(answer(units, shown, command, [int(text) for text in arguments]), flush=True)


async def main():
    port, baud, *numbers = sys.argv[1:]
    units = {int(number): unit_of(int(number)) for number in numbers}
    shown = dict(units)
    context = ModbusServerContext(slaves=shown, single=False)
    server = ModbusSerialServer(
        context, ModbusRtuFramer, port=port, baudrate=int(baud), ignore_missing_slaves=True, timeout=0.05
    )
    await server.start()
    threading.Thread(target=obey, args=(units, context._slaves), daemon=True).start()
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
