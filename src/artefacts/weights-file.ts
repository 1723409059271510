import type { Manifest } from './manifest.ts';

/** A typed array that an artefact can hold. Stored little-endian, as every machine Node runs on has it. */
export type Section = Int32Array | Int16Array | Uint8Array | Float32Array | Float64Array;
type Sections = Manifest['weights']['sections'];
type SectionType = Sections[string]['type'];

const alignment = 8;

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

/** Lays sections one after the other, each aligned so that it can be read in place. */
export function packSections(named: Readonly<Record<string, Section>>): { bytes: Uint8Array; sections: Sections } {
  const sections: Sections = {};
  let offset = 0;
  for (const [name, section] of Object.entries(named)) {
    sections[name] = { type: typeOf(section), offset, length: section.length };
    offset = Math.ceil((offset + section.byteLength) / alignment) * alignment;
  }
  const bytes = new Uint8Array(offset);
  for (const [name, section] of Object.entries(named)) {
    bytes.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), sections[name]!.offset);
  }
  return { bytes, sections };
}

/**
 * A section as a view into the file's bytes, without a copy.
 *
 * @throws Error where the section is missing, of another type or length, or not inside the file
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
