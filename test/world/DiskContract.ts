/**
 * What the disk's contract promises, one sentence a test, run on every disk there is. Authority: the contract in
 * src/world/Disk.ts, and behind it open(2), pwrite(2), ftruncate(2), rename(2), unlink(2), rmdir(2), fsync(2).
 */
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { type Code, DiskError, type File, type Operations } from "../../src/world/Disk.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (read: Uint8Array): string => new TextDecoder().decode(read)

/** The code of the error that a call throws. */
const codeOf = (run: () => unknown): Code => {
  try {
    run()
  } catch (error) {
    if (error instanceof DiskError) return error.code
    throw error
  }
  throw new Error("the call was expected to throw a DiskError")
}

const commitCode = async (disk: Operations, targets: ReadonlyArray<File | string>): Promise<Code | "durable"> => {
  const result = await Effect.runPromise(Effect.result(disk.commit(targets)))
  return Result.isFailure(result) ? result.failure.code : "durable"
}

const written = (disk: Operations, path: string, content: string): File => {
  const file = disk.open(path, "either")
  file.append(bytes(content))
  return file
}

const whole = (disk: Operations, path: string): string => {
  const file = disk.open(path, "existing")
  try {
    return text(file.read(0, file.size()))
  } finally {
    file.close()
  }
}

/** Runs the contract on disks made by `make`, each of them empty. */
export const diskContract = (name: string, make: () => Operations): void => {
  describe(`${name}: opening`, () => {
    it("an existing file is wanted and there is none: ENOENT", () => {
      expect(codeOf(() => make().open("/a", "existing"))).toBe("ENOENT")
    })
    it("a file is to be created and there is one: EEXIST", () => {
      const disk = make()
      disk.open("/a", "create")
      expect(codeOf(() => disk.open("/a", "create"))).toBe("EEXIST")
    })
    it("either creates an empty file or opens the one there is", () => {
      const disk = make()
      expect(disk.open("/a", "either").size()).toBe(0)
      written(disk, "/a", "abc")
      expect(disk.open("/a", "either").size()).toBe(3)
    })
    it("a directory cannot be opened as a file", () => {
      const disk = make()
      disk.makeDirectory("/d")
      expect(codeOf(() => disk.open("/d", "existing"))).toBe("EISDIR")
      expect(codeOf(() => disk.open("/d", "either"))).toBe("EISDIR")
      expect(codeOf(() => disk.open("/d", "create"))).toBe("EEXIST")
    })
    it("the directory must exist and be one", () => {
      const disk = make()
      disk.open("/a", "create")
      expect(codeOf(() => disk.open("/none/a", "either"))).toBe("ENOENT")
      expect(codeOf(() => disk.open("/a/b", "either"))).toBe("ENOTDIR")
    })
    it("a path is absolute, without empty parts, dots and a slash at its end", () => {
      const disk = make()
      for (const path of ["", "a", "a/b", "//a", "/a/", "/a//b", "/./a", "/a/../b", "/a\0b"]) {
        expect(codeOf(() => disk.open(path, "either")), path).toBe("EINVAL")
        expect(codeOf(() => disk.stat(path)), path).toBe("EINVAL")
      }
    })
    it("two handles of a file see each other's writes at once", () => {
      const disk = make()
      const one = disk.open("/a", "create")
      const two = disk.open("/a", "existing")
      one.append(bytes("abc"))
      two.write(1, bytes("X"))
      expect(text(one.read(0, 9))).toBe("aXc")
      expect(two.append(bytes("d"))).toBe(3)
    })
  })

  describe(`${name}: reading and writing`, () => {
    it("an append answers the position it wrote at, which is the size before it", () => {
      const file = make().open("/a", "create")
      expect([file.append(bytes("abc")), file.append(bytes("")), file.append(bytes("de"))]).toEqual([0, 3, 3])
      expect(text(file.read(0, 100))).toBe("abcde")
    })
    it("a write replaces bytes in place and leaves the others", () => {
      const file = written(make(), "/a", "abcdef")
      file.write(2, bytes("XY"))
      expect(text(file.read(0, 100))).toBe("abXYef")
      expect(file.size()).toBe(6)
    })
    it("a write may cross the end, and grows the file", () => {
      const file = written(make(), "/a", "abc")
      file.write(2, bytes("XYZ"))
      expect(text(file.read(0, 100))).toBe("abXYZ")
    })
    it("a gap left by a write past the end reads as zeros, across many pages", () => {
      const file = written(make(), "/a", "abc")
      file.write(20_000, bytes("z"))
      expect(file.size()).toBe(20_001)
      const read = file.read(0, 30_000)
      expect(text(read.subarray(0, 3))).toBe("abc")
      expect(read.subarray(3, 20_000).every((byte) => byte === 0)).toBe(true)
      expect(text(read.subarray(20_000))).toBe("z")
    })
    it("an empty write changes nothing, wherever it is", () => {
      const file = written(make(), "/a", "abc")
      file.write(50, bytes(""))
      expect(file.size()).toBe(3)
    })
    it("a read is shorter only at the end of the file, and empty beyond it", () => {
      const file = written(make(), "/a", "abcdef")
      expect(text(file.read(1, 3))).toBe("bcd")
      expect(text(file.read(4, 10))).toBe("ef")
      expect([file.read(6, 1).length, file.read(600, 1).length, file.read(2, 0).length]).toEqual([0, 0, 0])
    })
    it("what was read and what was written are copies", () => {
      const file = make().open("/a", "create")
      const mine = bytes("abc")
      file.append(mine)
      mine[0] = 0
      file.read(0, 3)[1] = 0
      expect(text(file.read(0, 3))).toBe("abc")
    })
    it("a read into bytes of the caller's changes those it answers and no others", () => {
      const file = written(make(), "/a", "abcdef")
      const mine = bytes("0123456789")
      const middle = file.read(2, 3, mine)
      expect([text(middle), text(mine)]).toEqual(["cde", "cde3456789"])
      expect([middle.buffer === mine.buffer, middle.byteOffset]).toEqual([true, mine.byteOffset])
      expect([text(file.read(4, 10, mine)), text(mine)]).toEqual(["ef", "efe3456789"])
      expect([file.read(6, 10, mine).length, text(mine)]).toEqual([0, "efe3456789"])
      expect(codeOf(() => file.read(0, 11, mine))).toBe("EINVAL")
      mine.fill(0)
      expect(text(file.read(0, 6))).toBe("abcdef")
    })
    it("a read of zeros into bytes of the caller's overwrites what was there", () => {
      const file = make().open("/a", "create")
      file.truncate(20_000)
      const mine = new Uint8Array(10_000).fill(7)
      expect(file.read(100, 9_000, mine).every((byte) => byte === 0)).toBe(true)
      expect(mine.subarray(9_000).every((byte) => byte === 7)).toBe(true)
    })
    it("bytes keep their value in large and crooked pieces", () => {
      const file = make().open("/a", "create")
      const large = Uint8Array.from({ length: 10_007 }, (_, index) => index * 31 & 0xff)
      file.append(large)
      file.append(large)
      expect(file.read(0, 10_007)).toEqual(large)
      expect(file.read(10_007, 10_007)).toEqual(large)
      expect(file.read(4_095, 4_098)).toEqual(large.slice(4_095, 8_193))
    })
    it("truncating cuts; growing again shows zeros where the bytes were", () => {
      const file = written(make(), "/a", "abcdef")
      file.truncate(2)
      expect(text(file.read(0, 10))).toBe("ab")
      file.truncate(4)
      expect([...file.read(0, 10)]).toEqual([97, 98, 0, 0])
      expect(file.append(bytes("z"))).toBe(4)
    })
    it("positions, lengths and sizes are natural numbers", () => {
      const file = written(make(), "/a", "abc")
      for (const wrong of [-1, 0.5, Number.NaN, 2 ** 60]) {
        expect(codeOf(() => file.read(wrong, 1))).toBe("EINVAL")
        expect(codeOf(() => file.read(0, wrong))).toBe("EINVAL")
        expect(codeOf(() => file.write(wrong, bytes("x")))).toBe("EINVAL")
        expect(codeOf(() => file.truncate(wrong))).toBe("EINVAL")
      }
      expect(text(file.read(0, 9))).toBe("abc")
    })
    it("a closed handle answers EBADF to everything but closing again; the file lives on", () => {
      const disk = make()
      const file = written(disk, "/a", "abc")
      file.close()
      file.close()
      const calls: ReadonlyArray<() => unknown> = [
        () => file.append(bytes("x")),
        () => file.write(0, bytes("x")),
        () => file.read(0, 1),
        () => file.size(),
        () => file.truncate(0)
      ]
      for (const call of calls) expect(codeOf(call)).toBe("EBADF")
      expect(whole(disk, "/a")).toBe("abc")
    })
    it("an error names its operation, path and code", () => {
      const disk = make()
      expect(() => disk.open("/a", "existing")).toThrow("ENOENT: open /a")
      expect(() => disk.remove("/b")).toThrow("ENOENT: remove /b")
    })
  })

  describe(`${name}: names`, () => {
    it("a list gives the names of files and directories, ascending by code unit", () => {
      const disk = make()
      for (const name of ["b", "a10", "a9", "B", "_"]) disk.open(`/${name}`, "create")
      disk.makeDirectory("/aa")
      disk.open("/aa/inner", "create")
      expect(disk.list("/")).toEqual(["B", "_", "a10", "a9", "aa", "b"])
      expect(disk.list("/aa")).toEqual(["inner"])
    })
    it("only what is a directory can be listed", () => {
      const disk = make()
      disk.open("/a", "create")
      expect(codeOf(() => disk.list("/none"))).toBe("ENOENT")
      expect(codeOf(() => disk.list("/a"))).toBe("ENOTDIR")
    })
    it("a directory is made once, below a directory that exists", () => {
      const disk = make()
      disk.makeDirectory("/d")
      disk.open("/a", "create")
      expect(codeOf(() => disk.makeDirectory("/d"))).toBe("EEXIST")
      expect(codeOf(() => disk.makeDirectory("/a"))).toBe("EEXIST")
      expect(codeOf(() => disk.makeDirectory("/none/d"))).toBe("ENOENT")
      expect(codeOf(() => disk.makeDirectory("/a/d"))).toBe("ENOTDIR")
    })
    it("stat tells a file and its size, a directory, or that there is nothing", () => {
      const disk = make()
      written(disk, "/a", "abc")
      disk.makeDirectory("/d")
      expect(disk.stat("/a")).toEqual({ kind: "file", size: 3 })
      expect(disk.stat("/d")).toEqual({ kind: "directory" })
      expect(disk.stat("/")).toEqual({ kind: "directory" })
      expect(disk.stat("/none")).toBeUndefined()
      expect(disk.stat("/none/a")).toBeUndefined()
      expect(disk.stat("/a/b")).toBeUndefined()
    })
    it("a handle follows its file through a rename", () => {
      const disk = make()
      const file = written(disk, "/a", "abc")
      disk.rename("/a", "/b")
      file.append(bytes("d"))
      expect(whole(disk, "/b")).toBe("abcd")
      expect(disk.stat("/a")).toBeUndefined()
    })
    it("a rename replaces a file, whose handles keep the old contents", () => {
      const disk = make()
      const old = written(disk, "/a", "old")
      written(disk, "/b", "fresh")
      disk.rename("/b", "/a")
      expect(whole(disk, "/a")).toBe("fresh")
      expect(text(old.read(0, 9))).toBe("old")
      expect(disk.list("/")).toEqual(["a"])
    })
    it("a rename onto itself changes nothing", () => {
      const disk = make()
      written(disk, "/a", "abc")
      disk.rename("/a", "/a")
      expect(whole(disk, "/a")).toBe("abc")
    })
    it("a directory moves with what is in it, and replaces an empty one", () => {
      const disk = make()
      disk.makeDirectory("/d")
      disk.makeDirectory("/d/e")
      const file = written(disk, "/d/e/a", "abc")
      disk.makeDirectory("/f")
      disk.rename("/d", "/f")
      expect(whole(disk, "/f/e/a")).toBe("abc")
      file.append(bytes("d"))
      expect(whole(disk, "/f/e/a")).toBe("abcd")
      expect(disk.stat("/d")).toBeUndefined()
    })
    it("a rename onto a directory that it lies in is refused, that one is not empty", () => {
      const disk = make()
      disk.makeDirectory("/d")
      disk.makeDirectory("/d/e")
      disk.open("/d/a", "create")
      expect(codeOf(() => disk.rename("/d/a", "/d"))).toBe("ENOTEMPTY")
      expect(codeOf(() => disk.rename("/d/e", "/d"))).toBe("ENOTEMPTY")
    })
    it("a rename is refused where it cannot be: nothing there, another kind, not empty, into itself", () => {
      const disk = make()
      disk.makeDirectory("/d")
      disk.makeDirectory("/full")
      disk.open("/full/a", "create")
      disk.open("/a", "create")
      expect(codeOf(() => disk.rename("/none", "/b"))).toBe("ENOENT")
      expect(codeOf(() => disk.rename("/a", "/none/b"))).toBe("ENOENT")
      expect(codeOf(() => disk.rename("/a", "/d"))).toBe("EISDIR")
      expect(codeOf(() => disk.rename("/d", "/a"))).toBe("ENOTDIR")
      expect(codeOf(() => disk.rename("/d", "/full"))).toBe("ENOTEMPTY")
      expect(codeOf(() => disk.rename("/full", "/full/inner"))).toBe("EINVAL")
      expect(codeOf(() => disk.rename("/", "/b"))).toBe("EINVAL")
      expect(disk.list("/")).toEqual(["a", "d", "full"])
    })
    it("a removed file is gone by name and lives on for its handle", () => {
      const disk = make()
      const file = written(disk, "/a", "abc")
      disk.remove("/a")
      expect(disk.stat("/a")).toBeUndefined()
      file.append(bytes("d"))
      expect(text(file.read(0, 9))).toBe("abcd")
      expect(disk.open("/a", "create").size()).toBe(0)
    })
    it("a directory is removed when it is empty", () => {
      const disk = make()
      disk.makeDirectory("/d")
      disk.open("/d/a", "create")
      expect(codeOf(() => disk.remove("/d"))).toBe("ENOTEMPTY")
      disk.remove("/d/a")
      disk.remove("/d")
      expect(disk.list("/")).toEqual([])
    })
    it("what is not there cannot be removed, and the root never", () => {
      const disk = make()
      expect(codeOf(() => disk.remove("/a"))).toBe("ENOENT")
      expect(codeOf(() => disk.remove("/"))).toBe("EINVAL")
    })
  })

  describe(`${name}: commits`, () => {
    it("files and directories are committed together", async () => {
      const disk = make()
      disk.makeDirectory("/d")
      const one = written(disk, "/a", "abc")
      const two = written(disk, "/d/b", "def")
      expect(await commitCode(disk, [one, two, "/", "/d"])).toBe("durable")
      expect(await commitCode(disk, [])).toBe("durable")
    })
    it("a removed file can be committed, and a file twice", async () => {
      const disk = make()
      const file = written(disk, "/a", "abc")
      disk.remove("/a")
      expect(await commitCode(disk, [file, file])).toBe("durable")
    })
    it("a closed handle cannot be committed: EBADF", async () => {
      const disk = make()
      const file = written(disk, "/a", "abc")
      file.close()
      expect(await commitCode(disk, [file])).toBe("EBADF")
    })
    it("a path to commit is that of a directory", async () => {
      const disk = make()
      written(disk, "/a", "abc")
      expect(await commitCode(disk, ["/none"])).toBe("ENOENT")
      expect(await commitCode(disk, ["/a"])).toBe("ENOTDIR")
      expect(await commitCode(disk, ["a"])).toBe("EINVAL")
    })
    it("a handle may be closed while its commit is in flight, and its name opened again", async () => {
      const disk = make()
      const file = written(disk, "/a", "abc")
      const commit = disk.commit([file])
      file.close()
      const other = written(disk, "/b", "def")
      await Effect.runPromise(commit)
      expect(text(other.read(0, 9))).toBe("def")
      expect(whole(disk, "/a")).toBe("abc")
    })
  })
}
