const nothing: Buffer = Buffer.alloc(0);

/**
 * What came of MQTT packets and is not parsed yet. In the bundle it is to mqtt-packet what the package bl is, as far as that asks
 * for it. bl makes a Buffer for each field that is read, 1 080 bytes of garbage for a message of 48; this one for the payload
 * alone. Chunks are joined when a field is read, which mqtt-packet does when a packet is whole: each is copied twice at most.
 */
export class PacketBytes {
  readonly #chunks: Buffer[] = []; // As many as a packet came in that is not whole.
  /** Of the first of them, what was consumed. */
  #from = 0;
  length = 0;

  append(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.length += chunk.byteLength;
  }

  consume(bytesCount: number): void {
    this.length = Math.max(0, this.length - bytesCount);
    this.#from += bytesCount;
    for (let first = this.#chunks[0]; first !== undefined && this.#from >= first.byteLength; first = this.#chunks[0]) {
      this.#from -= first.byteLength;
      this.#chunks.shift();
    }
    if (this.length === 0) this.#from = 0;
  }

  /** Fails with a RangeError behind the last byte, as the next two do. */
  readUInt8(at: number): number {
    return this.#whole().readUInt8(this.#from + at);
  }

  readUInt16BE(at: number): number {
    return this.#whole().readUInt16BE(this.#from + at);
  }

  readUInt32BE(at: number): number {
    return this.#whole().readUInt32BE(this.#from + at);
  }

  /** A view; what is behind the last byte is left out. */
  slice(start: number, end: number): Buffer {
    return this.#whole().subarray(this.#from + start, this.#from + end);
  }

  toString(encoding: BufferEncoding, start: number, end: number): string {
    return this.#whole().toString(encoding, this.#from + start, this.#from + end);
  }

  #whole(): Buffer {
    if (this.#chunks.length > 1) this.#join();
    return this.#chunks[0] ?? nothing;
  }

  #join(): void {
    const [first = nothing, ...others] = this.#chunks;
    this.#chunks.length = 1;
    this.#chunks[0] = Buffer.concat([first.subarray(this.#from), ...others]);
    this.#from = 0;
  }
}
