import type { Manifest } from './manifest.ts';

/** A typed array in a weights file. It is stored little-endian, the byte order of x86-64 and ARM64. */
export type Section = Int32Array | Int16Array | Uint8Array | Float32Array | Float64Array;
type Sections = Manifest['weights']['sections'];
type SectionType = Sections[string]['type'];

/** The alignment of sections in bytes: that of the widest type. */
const ALIGNMENT = 8;

const constructors = {
  int32: Int32Array,
  int16: Int16Array,
  uint8: Uint8Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

function typeOf(section: Section): SectionType {
  if (section instanceof Int32Array) return 'int32';
  if (section instanceof Int16Array) return 'int16';
  if (section instanceof Uint8Array) return 'uint8';
  return section instanceof Float32Array ? 'float32' : 'float64';
}

/** Packs sections one after the other. Each one is aligned, so that it can be read in place. */
export function packSections(arrays: Readonly<Record<string, Section>>): { bytes: Uint8Array; sections: Sections } {
  const sections: Sections = {};
  let offset = 0;
  for (const [name, section] of Object.entries(arrays)) {
    sections[name] = { type: typeOf(section), offset, length: section.length };
    offset = Math.ceil((offset + section.byteLength) / ALIGNMENT) * ALIGNMENT;
  }
  const bytes = new Uint8Array(offset);
  for (const [name, section] of Object.entries(arrays)) {
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), sections[name]!.offset);
  }
  return { bytes, sections };
}

/**
 * Returns a section as a view of the file's bytes, without a copy.
 *
 * @throws {Error} if the section is missing, has another type or length, or lies outside the file
 */
export function readSection<T extends SectionType>(
  bytes: Uint8Array,
  sections: Sections,
  name: string,
  type: T,
  length: number,
): InstanceType<(typeof constructors)[T]> {
  const section = sections[name];
  if (section === undefined) throw new Error(`its section "${name}" is missing`);
  if (section.type !== type || section.length !== length) {
    throw new Error(`its section "${name}" is ${section.length} ${section.type}, not ${length} ${type}`);
  }
  const arrayOf = constructors[type];
  const start = bytes.byteOffset + section.offset;
  const fits = section.offset + length * arrayOf.BYTES_PER_ELEMENT <= bytes.byteLength;
  if (!fits || start % arrayOf.BYTES_PER_ELEMENT !== 0) throw new Error(`its section "${name}" lies outside the file`);
  return new arrayOf(bytes.buffer as ArrayBuffer, start, length) as InstanceType<(typeof constructors)[T]>;
}
