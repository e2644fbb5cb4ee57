const lengthBytes = 4;

/** Cuts a stream into Kafka's frames (four bytes of length, then as many), whatever the pieces it arrives in. */
export class FrameSplitter {
  private pieces: Buffer[] = [];
  private bytes = 0;
  private wanted = lengthBytes;

  /** The frames that are now complete, each with its length in front. */
  add(chunk: Buffer): readonly Buffer[] {
    this.pieces.push(chunk);
    this.bytes += chunk.length;
    const frames: Buffer[] = [];
    while (this.bytes >= this.wanted) {
      const all =
        this.pieces.length === 1 && this.pieces[0] !== undefined ? this.pieces[0] : Buffer.concat(this.pieces);
      const frameBytes = lengthBytes + all.readInt32BE(0);
      const isWhole = all.length >= frameBytes;
      if (isWhole) frames.push(all.subarray(0, frameBytes));
      const rest = isWhole ? all.subarray(frameBytes) : all;
      this.pieces = rest.length > 0 ? [rest] : [];
      this.bytes = rest.length;
      this.wanted = isWhole ? lengthBytes : frameBytes;
    }
    return frames;
  }
}
