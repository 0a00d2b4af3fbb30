// Host table "tharsis.files/1": few operations, each whole. Files are made 0600, folders 0700.
//
// Every function may block: call it in create(), or inside loop->run_blocking(), where it belongs.
// [any thread]. Paths are absolute (else THARSIS_E_INVALID). Failures: THARSIS_E_NOT_FOUND, _E_DENIED
// (also a read-only file system), _E_FULL, _E_BUSY (out of descriptors), _E_IO; the error's text names the
// path and the system's reason.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_FILES_ID "tharsis.files/1"

enum {
  THARSIS_FILES_READ = 1,
  THARSIS_FILES_APPEND = 2,  // Makes the file if needed. A name that is a link is refused with THARSIS_E_DENIED.
  // With READ: a file that another user owns, or may read or change, is refused with THARSIS_E_DENIED. For keys.
  THARSIS_FILES_SECRET = 4,
};

// What a name stands for.
enum {
  THARSIS_FILE_PLAIN = 1,
  THARSIS_FILE_FOLDER = 2,
  THARSIS_FILE_OTHER = 3,  // A link, whatever it leads to; a pipe, a device.
};

typedef struct tharsis_file_facts {
  uint32_t size;
  uint32_t kind;     // THARSIS_FILE_*
  uint64_t bytes;    // Of a plain file.
  int64_t modified;  // When it was last written, by the wall clock of then; 0: nobody knows.
} tharsis_file_facts;

typedef struct tharsis_space {
  uint32_t size;
  uint32_t reserved;
  uint64_t total;  // Bytes of the file system.
  uint64_t free;   // Of them, what this user may still fill.
} tharsis_space;

typedef struct tharsis_files {
  uint32_t size;
  void* self;

  // A pipe or a device cannot be read: it is refused and not waited for.
  tharsis_status (*open)(void* self, tharsis_text path, uint32_t mode, tharsis_handle* file,
                         tharsis_error* error);
  // All bytes reach the system, or a failure is told and the file is cut back to what it was.
  tharsis_status (*append)(void* self, tharsis_handle file, tharsis_bytes data, tharsis_error* error);
  // *count is below `capacity` only at the end of the file.
  tharsis_status (*read)(void* self, tharsis_handle file, uint64_t offset, uint8_t* into, size_t capacity,
                         size_t* count, tharsis_error* error);
  tharsis_status (*length)(void* self, tharsis_handle file, uint64_t* bytes, tharsis_error* error);
  // After this the bytes survive a loss of power.
  tharsis_status (*sync)(void* self, tharsis_handle file, tharsis_error* error);
  tharsis_status (*close)(void* self, tharsis_handle file);

  // Give `path` this content, all or nothing, also when the power fails half-way.
  tharsis_status (*replace)(void* self, tharsis_text path, tharsis_bytes data, tharsis_error* error);
  // Make the folder and its parents; one that exists is no error.
  tharsis_status (*make_folder)(void* self, tharsis_text path, tharsis_error* error);
  tharsis_status (*remove)(void* self, tharsis_text path, tharsis_error* error);
  // Calls visit once per name in the folder, in the order of the names.
  tharsis_status (*list)(void* self, tharsis_text folder, void (*visit)(void* context, tharsis_text name),
                         void* context, tharsis_error* error);
  // An advisory lock on the file, made if it is missing, held until close(*lock) or the end of the
  // process. Who does not ask for the lock may read and append all the same. A link is refused with THARSIS_E_DENIED.
  //   THARSIS_E_IN_USE  somebody else holds it.
  tharsis_status (*lock)(void* self, tharsis_text path, tharsis_handle* lock, tharsis_error* error);

  // About the name itself: a link is not followed.
  tharsis_status (*describe)(void* self, tharsis_text path, tharsis_file_facts* facts, tharsis_error* error);
  // Of the file system that this folder is in.
  tharsis_status (*space)(void* self, tharsis_text folder, tharsis_space* space, tharsis_error* error);
  // The file `from` gets the name `to`, at once; a file that had it is gone. Survives a loss of power.
  //   THARSIS_E_UNSUPPORTED  they are on different file systems.
  tharsis_status (*rename)(void* self, tharsis_text from, tharsis_text to, tharsis_error* error);
} tharsis_files;

#ifdef __cplusplus
}
#endif
