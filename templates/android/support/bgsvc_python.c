/*
 * Embeds CPython in this process, for dev.bgsvc.PythonLibrary: it is started once and never ended.
 *
 * Text crosses as UTF-16, which both sides represent without loss. JNI's "modified UTF-8" is not
 * UTF-8: NUL and the characters beyond U+FFFF differ.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <jni.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#ifndef __ANDROID__
#include <dlfcn.h>
#endif

_Static_assert(sizeof(wchar_t) == 4, "a path character is a code point");
_Static_assert(sizeof(jchar) == 2, "Java text is UTF-16");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "every Android ABI is little-endian, and so is the codec below"
#endif
#define UTF_16 "utf-16-le"
#define NOT_STARTED "Python was not started"

static JavaVM *vm;
static pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t attached_key; /* set in a Python thread that is attached to the VM */
static jmethodID send_method;      /* MessageSink.send: the same for every sink */
static jobject sink;      /* global; replaced with the GIL held */
static PyObject *receive; /* bgsvc.bridge.receive; replaced with the GIL held */

/* Runs when a Python thread ends: the VM aborts the app if an attached thread ends. */
static void detach(void *unused)
{
    (void)unused;
    (*vm)->DetachCurrentThread(vm);
}

static JNIEnv *env_of_this_thread(void)
{
    void *env = NULL;
    if ((*vm)->GetEnv(vm, &env, JNI_VERSION_1_6) == JNI_OK) return env;
    JavaVMAttachArgs args = {JNI_VERSION_1_6, "bgsvc-python-thread", NULL};
    /* Android's jni.h has JNIEnv ** here, the desktop's void **; this cast fits both. */
    if ((*vm)->AttachCurrentThreadAsDaemon(vm, (void *)&env, &args) != JNI_OK) return NULL;
    pthread_setspecific(attached_key, vm);
    return env;
}

/* --- text ------------------------------------------------------------------------------------ */

/* Returns a new str, or NULL with an exception set in Python. */
static PyObject *to_python(JNIEnv *env, jstring text)
{
    const jchar *chars = (*env)->GetStringChars(env, text, NULL);
    if (chars == NULL) {
        (*env)->ExceptionClear(env);
        return PyErr_NoMemory();
    }
    const Py_ssize_t bytes = (Py_ssize_t)(*env)->GetStringLength(env, text) * 2;
    int order = -1;
    PyObject *result = PyUnicode_DecodeUTF16((const char *)chars, bytes, "surrogatepass", &order);
    (*env)->ReleaseStringChars(env, text, chars);
    return result;
}

/* Returns a new local reference, or NULL with an exception set in Python. */
static jstring to_java(JNIEnv *env, PyObject *text)
{
    PyObject *bytes = PyUnicode_AsEncodedString(text, UTF_16, "surrogatepass");
    if (bytes == NULL) return NULL;
    const Py_ssize_t units = PyBytes_GET_SIZE(bytes) / 2;
    jstring result = NULL;
    if (units <= INT32_MAX) {
        result = (*env)->NewString(env, (const jchar *)PyBytes_AS_STRING(bytes), (jsize)units);
    }
    Py_DECREF(bytes);
    if (result == NULL) {
        (*env)->ExceptionClear(env);
        PyErr_NoMemory();
    }
    return result;
}

/* Returns a string to be freed by PyMem_RawFree, or NULL with an exception pending in Java. */
static wchar_t *to_wide(JNIEnv *env, jstring text)
{
    const jsize length = (*env)->GetStringLength(env, text);
    wchar_t *wide = PyMem_RawMalloc(((size_t)length + 1) * sizeof(wchar_t));
    const jchar *chars = wide == NULL ? NULL : (*env)->GetStringChars(env, text, NULL);
    if (chars == NULL) {
        PyMem_RawFree(wide);
        return NULL;
    }
    wchar_t *end = wide;
    for (jsize i = 0; i < length; i++) {
        const bool pair = chars[i] >> 10 == 0xD800 >> 10 && i + 1 < length
                          && chars[i + 1] >> 10 == 0xDC00 >> 10;
        *end++ = pair ? 0x10000 + ((chars[i] & 0x3FF) << 10) + (chars[i + 1] & 0x3FF) : chars[i];
        i += pair;
    }
    *end = L'\0';
    (*env)->ReleaseStringChars(env, text, chars);
    return wide;
}

/* --- exceptions ------------------------------------------------------------------------------ */

static void throw_text(JNIEnv *env, const char *text)
{
    jclass kind = (*env)->FindClass(env, "java/lang/IllegalStateException");
    if (kind == NULL) return;
    (*env)->ThrowNew(env, kind, text);
    (*env)->DeleteLocalRef(env, kind);
}

/* Returns the traceback of the exception that is set, and clears it; NULL if that fails too. */
static PyObject *take_traceback(void)
{
    PyObject *error = PyErr_GetRaisedException();
    PyObject *module = PyImport_ImportModule("traceback");
    PyObject *lines = module == NULL || error == NULL
                          ? NULL
                          : PyObject_CallMethod(module, "format_exception", "O", error);
    PyObject *empty = lines == NULL ? NULL : PyUnicode_FromString("");
    PyObject *text = empty == NULL ? NULL : PyUnicode_Join(empty, lines);
    Py_XDECREF(empty);
    Py_XDECREF(lines);
    Py_XDECREF(module);
    Py_XDECREF(error);
    PyErr_Clear();
    return text;
}

/* Turns the exception that is set in Python into one pending in Java. */
static void throw_python_error(JNIEnv *env)
{
    PyObject *text = take_traceback();
    jstring message = text == NULL ? NULL : to_java(env, text);
    Py_XDECREF(text);
    PyErr_Clear();
    jclass kind = (*env)->FindClass(env, "java/lang/IllegalStateException");
    if (kind == NULL) return;
    jmethodID make = (*env)->GetMethodID(env, kind, "<init>", "(Ljava/lang/String;)V");
    jthrowable error = make == NULL ? NULL : (*env)->NewObject(env, kind, make, message);
    if (error != NULL) (*env)->Throw(env, error);
}

/* Turns the exception pending in Java into one set in Python, with the text of its toString(). */
static void raise_java_error(JNIEnv *env)
{
    jthrowable error = (*env)->ExceptionOccurred(env);
    (*env)->ExceptionClear(env);
    jclass kind = (*env)->GetObjectClass(env, error);
    jmethodID describe = (*env)->GetMethodID(env, kind, "toString", "()Ljava/lang/String;");
    jstring text = describe == NULL ? NULL : (*env)->CallObjectMethod(env, error, describe);
    if ((*env)->ExceptionCheck(env)) {
        (*env)->ExceptionClear(env);
        text = NULL;
    }
    PyObject *message = text == NULL ? NULL : to_python(env, text);
    if (message != NULL) PyErr_SetObject(PyExc_RuntimeError, message);
    else if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "a Java exception without a text");
    Py_XDECREF(message);
    (*env)->DeleteLocalRef(env, text);
    (*env)->DeleteLocalRef(env, kind);
    (*env)->DeleteLocalRef(env, error);
}

/* --- Python calls Java ----------------------------------------------------------------------- */

static PyObject *send(PyObject *self, PyObject *text)
{
    (void)self;
    if (!PyUnicode_Check(text)) return PyErr_Format(PyExc_TypeError, "a message is a str");
    JNIEnv *env = env_of_this_thread();
    if (env == NULL) return PyErr_Format(PyExc_RuntimeError, "this thread cannot call Java");
    jstring message = to_java(env, text);
    if (message == NULL) return NULL;
    /* A separate reference, because attach() may replace the sink while the GIL is released. */
    jobject target = (*env)->NewLocalRef(env, sink);
    if (target == NULL) {
        (*env)->DeleteLocalRef(env, message);
        return PyErr_NoMemory();
    }
    Py_BEGIN_ALLOW_THREADS
    (*env)->CallVoidMethod(env, target, send_method, message);
    Py_END_ALLOW_THREADS
    const bool failed = (*env)->ExceptionCheck(env);
    if (failed) raise_java_error(env);
    (*env)->DeleteLocalRef(env, target);
    (*env)->DeleteLocalRef(env, message);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef send_definition = {
    "send", send, METH_O, "send(message): hand a message to the host; any thread may call it"};

/* --- Java calls Python ----------------------------------------------------------------------- */

static PyStatus append_path(JNIEnv *env, PyConfig *config, jobjectArray path)
{
    PyStatus status = PyStatus_Ok();
    const jsize count = (*env)->GetArrayLength(env, path);
    for (jsize i = 0; i < count && !PyStatus_Exception(status); i++) {
        jstring entry = (*env)->GetObjectArrayElement(env, path, i);
        wchar_t *wide = entry == NULL ? NULL : to_wide(env, entry);
        if (wide == NULL) return PyStatus_Error("cannot read an entry of the search path");
        status = PyWideStringList_Append(&config->module_search_paths, wide);
        PyMem_RawFree(wide);
        (*env)->DeleteLocalRef(env, entry);
    }
    return status;
}

/* Isolated from the machine's settings, and without signal handlers: the VM has its own. */
static PyStatus configure(JNIEnv *env, PyConfig *config, jstring home, jobjectArray path)
{
    config->install_signal_handlers = 0;
    config->module_search_paths_set = 1;
    wchar_t *wide = to_wide(env, home);
    if (wide == NULL) return PyStatus_Error("cannot read Python's home");
    PyStatus status = PyConfig_SetString(config, &config->home, wide);
    PyMem_RawFree(wide);
    return PyStatus_Exception(status) ? status : append_path(env, config, path);
}

static PyStatus initialize(JNIEnv *env, jstring home, jobjectArray path)
{
#ifndef __ANDROID__
    /* A desktop's extension modules do not link libpython; the VM has loaded it privately. */
    Dl_info library;
    if (dladdr((const void *)&PyLong_Type, &library) != 0) {
        dlopen(library.dli_fname, RTLD_NOLOAD | RTLD_GLOBAL | RTLD_LAZY);
    }
#endif
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) return status;
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    status = configure(env, &config, home, path);
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return status;
}

/* Returns why Python did not start, or NULL. CPython would abort if a start were repeated. */
static const char *start_once(JNIEnv *env, jstring home, jobjectArray path)
{
    static const char *failure = NULL;
    if (failure != NULL || Py_IsInitialized()) return failure;
    PyStatus status = initialize(env, home, path);
    if (PyStatus_Exception(status)) {
        failure = status.err_msg == NULL ? "Python did not start" : status.err_msg;
    } else {
        PyEval_SaveThread();
    }
    return failure;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *loaded_by, void *reserved)
{
    (void)reserved;
    vm = loaded_by;
    return pthread_key_create(&attached_key, detach) == 0 ? JNI_VERSION_1_6 : JNI_ERR;
}

JNIEXPORT void JNICALL Java_dev_bgsvc_PythonLibrary_start(
    JNIEnv *env, jclass self, jstring home, jobjectArray search_path)
{
    (void)self;
    pthread_mutex_lock(&start_mutex);
    const char *failure = start_once(env, home, search_path);
    pthread_mutex_unlock(&start_mutex);
    if (failure != NULL && !(*env)->ExceptionCheck(env)) throw_text(env, failure);
}

JNIEXPORT void JNICALL Java_dev_bgsvc_PythonLibrary_attach(JNIEnv *env, jclass self, jobject new_sink)
{
    (void)self;
    if (!Py_IsInitialized()) {
        throw_text(env, NOT_STARTED);
        return;
    }
    jclass kind = (*env)->FindClass(env, "dev/bgsvc/MessageSink");
    jmethodID method = kind == NULL ? NULL : (*env)->GetMethodID(env, kind, "send", "(Ljava/lang/String;)V");
    jobject kept = method == NULL ? NULL : (*env)->NewGlobalRef(env, new_sink);
    if (kept == NULL) return;

    PyGILState_STATE gil = PyGILState_Ensure();
    if (sink != NULL) (*env)->DeleteGlobalRef(env, sink);
    sink = kept;
    send_method = method;
    PyObject *module = PyImport_ImportModule("bgsvc.bridge");
    PyObject *function = module == NULL ? NULL : PyCFunction_New(&send_definition, NULL);
    PyObject *done = function == NULL ? NULL : PyObject_CallMethod(module, "attach", "O", function);
    PyObject *entry = done == NULL ? NULL : PyObject_GetAttrString(module, "receive");
    if (entry == NULL) throw_python_error(env);
    else Py_XSETREF(receive, entry);
    Py_XDECREF(done);
    Py_XDECREF(function);
    Py_XDECREF(module);
    PyGILState_Release(gil);
}

JNIEXPORT jstring JNICALL Java_dev_bgsvc_PythonLibrary_receive(
    JNIEnv *env, jclass self, jstring message)
{
    (void)self;
    if (!Py_IsInitialized()) {
        throw_text(env, NOT_STARTED);
        return NULL;
    }
    PyGILState_STATE gil = PyGILState_Ensure();
    /* A separate reference, because attach() may replace it while Python runs. */
    PyObject *function = Py_XNewRef(receive);
    PyObject *text = to_python(env, message);
    PyObject *reply = text == NULL || function == NULL ? NULL : PyObject_CallOneArg(function, text);
    jstring result = NULL;
    if (function == NULL) PyErr_SetString(PyExc_RuntimeError, "the bridge is not attached");
    else if (reply != NULL && !PyUnicode_Check(reply)) PyErr_SetString(PyExc_TypeError, "a reply is a str");
    else if (reply != NULL) result = to_java(env, reply);
    if (result == NULL) throw_python_error(env);
    Py_XDECREF(reply);
    Py_XDECREF(text);
    Py_XDECREF(function);
    PyGILState_Release(gil);
    return result;
}
