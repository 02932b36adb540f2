// CPython's C API for Swift, with functions for what Swift cannot import: macros, later members.
#ifndef BGSVC_CPYTHON_H
#define BGSVC_CPYTHON_H

#if __has_include(<Python/Python.h>)
#include <Python/Python.h>
#else
#include <Python.h>
#endif

/// Sends what Python prints to the system's log, where this CPython can (3.14 and later).
static inline void bgsvc_use_system_logger(PyConfig *config) {
#if defined(__APPLE__) && PY_VERSION_HEX >= 0x030E0000
  config->use_system_logger = 1;
#else
  (void)config;
#endif
}

/// Returns a new reference to None.
static inline PyObject *bgsvc_none(void) { return Py_NewRef(Py_None); }

#endif
