/*
 * Stands in for libchaquopy_java.so, which no registry has: the native methods of Chaquopy's own
 * Java classes that an app with a background service reaches, over a CPython of the desktop.
 *
 * Python sees a Java object as a proxy; its attributes are methods that take one text.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dlfcn.h>
#include <jni.h>

#define NATIVE(result, type, name) JNIEXPORT result JNICALL Java_com_chaquo_python_##type##_##name

static JavaVM *vm;

static JNIEnv *env_of_this_thread(void)
{
    void *env = NULL;
    (*vm)->AttachCurrentThreadAsDaemon(vm, &env, NULL);
    return env;
}

/* --- Java objects in Python ------------------------------------------------------------------ */

typedef struct {
    PyObject_HEAD
    jobject object;
    PyObject *method; /* the name of one of its methods, or NULL for the object itself */
} Proxy;

static PyTypeObject proxy_type;

static PyObject *make_proxy(JNIEnv *env, jobject object, PyObject *method)
{
    Proxy *proxy = PyObject_New(Proxy, &proxy_type);
    if (proxy == NULL) return NULL;
    proxy->object = (*env)->NewGlobalRef(env, object);
    proxy->method = Py_XNewRef(method);
    return (PyObject *)proxy;
}

static void forget(PyObject *self)
{
    JNIEnv *env = env_of_this_thread();
    (*env)->DeleteGlobalRef(env, ((Proxy *)self)->object);
    Py_XDECREF(((Proxy *)self)->method);
    PyObject_Free(self);
}

static PyObject *find_method(PyObject *self, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8(name);
    if (text == NULL || text[0] == '_') return PyObject_GenericGetAttr(self, name);
    return make_proxy(env_of_this_thread(), ((Proxy *)self)->object, name);
}

static PyObject *text_to_python(JNIEnv *env, jstring text)
{
    if (text == NULL) Py_RETURN_NONE;
    const jchar *chars = (*env)->GetStringChars(env, text, NULL);
    int order = -1;
    PyObject *result = PyUnicode_DecodeUTF16(
        (const char *)chars, 2 * (Py_ssize_t)(*env)->GetStringLength(env, text), "surrogatepass", &order);
    (*env)->ReleaseStringChars(env, text, chars);
    return result;
}

static jstring text_to_java(JNIEnv *env, PyObject *text)
{
    PyObject *bytes = PyUnicode_AsEncodedString(text, "utf-16-le", "surrogatepass");
    if (bytes == NULL) return NULL;
    const jchar *chars = (const jchar *)PyBytes_AS_STRING(bytes);
    jstring result = (*env)->NewString(env, chars, (jsize)(PyBytes_GET_SIZE(bytes) / 2));
    Py_DECREF(bytes);
    return result;
}

static jmethodID method_of(JNIEnv *env, jclass kind, const char *name, const char *signature)
{
    jmethodID found = (*env)->GetMethodID(env, kind, name, signature);
    if (found == NULL) (*env)->ExceptionClear(env);
    return found;
}

static PyObject *call_method(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    PyObject *text = NULL;
    if (keywords != NULL || !PyArg_ParseTuple(arguments, "U", &text)) return NULL;
    JNIEnv *env = env_of_this_thread();
    jobject object = ((Proxy *)self)->object;
    const char *name = PyUnicode_AsUTF8(((Proxy *)self)->method);
    jclass kind = (*env)->GetObjectClass(env, object);
    jmethodID takes = method_of(env, kind, name, "(Ljava/lang/String;)V");
    jmethodID gives = method_of(env, kind, name, "(Ljava/lang/String;)Ljava/lang/String;");
    if (takes == NULL && gives == NULL) return PyErr_Format(PyExc_AttributeError, "no method %s", name);
    jstring argument = text_to_java(env, text);
    jstring result = NULL;
    Py_BEGIN_ALLOW_THREADS
    if (takes != NULL) (*env)->CallVoidMethod(env, object, takes, argument);
    else result = (*env)->CallObjectMethod(env, object, gives, argument);
    Py_END_ALLOW_THREADS
    if ((*env)->ExceptionCheck(env)) {
        (*env)->ExceptionClear(env);
        return PyErr_Format(PyExc_RuntimeError, "%s threw", name);
    }
    return text_to_python(env, result);
}

static PyTypeObject proxy_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "java.Proxy",
    .tp_basicsize = sizeof(Proxy),
    .tp_dealloc = forget,
    .tp_call = call_method,
    .tp_getattro = find_method,
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

/* --- Python objects in Java ------------------------------------------------------------------ */

static PyObject *object_of(JNIEnv *env, jobject wrapper)
{
    jfieldID address = (*env)->GetFieldID(env, (*env)->GetObjectClass(env, wrapper), "addr", "J");
    return (PyObject *)(intptr_t)(*env)->GetLongField(env, wrapper, address);
}

static int is_instance(JNIEnv *env, jobject object, const char *name)
{
    jclass kind = (*env)->FindClass(env, name);
    return (*env)->IsInstanceOf(env, object, kind);
}

static PyObject *to_python(JNIEnv *env, jobject object)
{
    if (object == NULL) Py_RETURN_NONE;
    if (is_instance(env, object, "java/lang/String")) return text_to_python(env, object);
    if (is_instance(env, object, "com/chaquo/python/PyObject")) {
        return Py_NewRef(object_of(env, object));
    }
    return make_proxy(env, object, NULL);
}

/* Returns the address of what Java will hold: a new reference, or 0 for None. */
static jlong address_of(PyObject *object)
{
    if (object != Py_None) return (jlong)(intptr_t)object;
    Py_DECREF(object);
    return 0;
}

static void throw_error(JNIEnv *env)
{
    PyObject *error = PyErr_GetRaisedException();
    PyObject *text = PyUnicode_FromFormat("%s: %S", Py_TYPE(error)->tp_name, error);
    jclass kind = (*env)->FindClass(env, "com/chaquo/python/PyException");
    (*env)->ThrowNew(env, kind, text == NULL ? "" : PyUnicode_AsUTF8(text));
    Py_XDECREF(text);
    Py_DECREF(error);
}

static PyObject *call(JNIEnv *env, PyObject *function, jobjectArray arguments)
{
    const jsize count = (*env)->GetArrayLength(env, arguments);
    PyObject *tuple = PyTuple_New(count);
    for (jsize i = 0; i < count; i++) {
        PyTuple_SET_ITEM(tuple, i, to_python(env, (*env)->GetObjectArrayElement(env, arguments, i)));
    }
    PyObject *result = PyObject_CallObject(function, tuple);
    Py_DECREF(tuple);
    return result;
}

/* Runs `expression` with the GIL and returns the address of the new reference, or NULL. */
#define WITH_PYTHON(env, expression)                     \
    PyGILState_STATE gil = PyGILState_Ensure();          \
    PyObject *made = (expression);                       \
    jlong address = 0;                                   \
    if (made == NULL) throw_error(env);                  \
    else address = address_of(made);                     \
    PyGILState_Release(gil);                             \
    return address

static PyObject *import_named(JNIEnv *env, jstring name)
{
    PyObject *text = text_to_python(env, name);
    PyObject *module = text == NULL ? NULL : PyImport_Import(text);
    Py_XDECREF(text);
    return module;
}

static PyObject *attribute_of(JNIEnv *env, jobject wrapper, jstring name)
{
    PyObject *text = text_to_python(env, name);
    PyObject *found = text == NULL ? NULL : PyObject_GetAttr(object_of(env, wrapper), text);
    Py_XDECREF(text);
    return found;
}

static PyObject *call_attribute(JNIEnv *env, jobject wrapper, jstring name, jobjectArray arguments)
{
    PyObject *function = attribute_of(env, wrapper, name);
    PyObject *result = function == NULL ? NULL : call(env, function, arguments);
    Py_XDECREF(function);
    return result;
}

/* --- the native methods ---------------------------------------------------------------------- */

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *loaded_by, void *reserved)
{
    (void)reserved;
    vm = loaded_by;
    return JNI_VERSION_1_6;
}

static void append(PyConfig *config, const char *folders)
{
    wchar_t *wide = Py_DecodeLocale(folders, NULL);
    for (wchar_t *rest = wide, *each; (each = wcstok(rest, L":", &rest)) != NULL;) {
        PyWideStringList_Append(&config->module_search_paths, each);
    }
    PyMem_RawFree(wide);
}

NATIVE(void, Python, startNative)(JNIEnv *env, jclass self, jobject platform, jstring path)
{
    (void)self;
    (void)platform;
    Dl_info library;
    if (dladdr((const void *)&PyLong_Type, &library) != 0) {
        dlopen(library.dli_fname, RTLD_NOLOAD | RTLD_GLOBAL | RTLD_LAZY);
    }
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.module_search_paths_set = 1;
    const char *folders = (*env)->GetStringUTFChars(env, path, NULL);
    append(&config, folders);
    (*env)->ReleaseStringUTFChars(env, path, folders);
    append(&config, STANDARD_LIBRARY);
    PyStatus status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status) || PyType_Ready(&proxy_type) != 0) {
        jclass kind = (*env)->FindClass(env, "java/lang/IllegalStateException");
        (*env)->ThrowNew(env, kind, "Python did not start");
        return;
    }
    PyEval_SaveThread();
}

NATIVE(jlong, Python, getModuleNative)(JNIEnv *env, jobject self, jstring name)
{
    (void)self;
    WITH_PYTHON(env, import_named(env, name));
}

NATIVE(jlong, PyObject, fromJavaNative)(JNIEnv *env, jclass self, jobject object)
{
    (void)self;
    WITH_PYTHON(env, to_python(env, object));
}

NATIVE(jlong, PyObject, getNative)(JNIEnv *env, jobject self, jstring name)
{
    WITH_PYTHON(env, attribute_of(env, self, name));
}

NATIVE(jlong, PyObject, callThrowsNative)(JNIEnv *env, jobject self, jobjectArray arguments)
{
    WITH_PYTHON(env, call(env, object_of(env, self), arguments));
}

NATIVE(jlong, PyObject, callAttrThrowsNative)(
    JNIEnv *env, jobject self, jstring name, jobjectArray arguments)
{
    WITH_PYTHON(env, call_attribute(env, self, name, arguments));
}

NATIVE(void, PyObject, closeNative)(JNIEnv *env, jobject self)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    Py_DECREF(object_of(env, self));
    PyGILState_Release(gil);
}

NATIVE(jstring, PyObject, toString)(JNIEnv *env, jobject self)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *text = PyObject_Str(object_of(env, self));
    jstring result = NULL;
    if (text == NULL) throw_error(env);
    else result = text_to_java(env, text);
    Py_XDECREF(text);
    PyGILState_Release(gil);
    return result;
}
