/* The floor of the bridge: a string into Python and one back, without a single check. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <jni.h>

static PyObject *function;

JNIEXPORT void JNICALL Java_dev_bgsvc_bench_Floor_attach(JNIEnv *env, jclass self)
{
    (void)env;
    (void)self;
    PyGILState_STATE gil = PyGILState_Ensure();
    function = PyObject_GetAttrString(PyImport_ImportModule("bgsvc.bridge"), "receive");
    PyGILState_Release(gil);
}

JNIEXPORT jstring JNICALL Java_dev_bgsvc_bench_Floor_receive(
    JNIEnv *env, jclass self, jstring message)
{
    (void)self;
    PyGILState_STATE gil = PyGILState_Ensure();
    const jchar *chars = (*env)->GetStringChars(env, message, NULL);
    const Py_ssize_t size = (Py_ssize_t)(*env)->GetStringLength(env, message) * 2;
    int order = -1;
    PyObject *text = PyUnicode_DecodeUTF16((const char *)chars, size, "surrogatepass", &order);
    (*env)->ReleaseStringChars(env, message, chars);
    PyObject *reply = PyObject_CallOneArg(function, text);
    PyObject *bytes = PyUnicode_AsEncodedString(reply, "utf-16-le", "surrogatepass");
    const jchar *units = (const jchar *)PyBytes_AS_STRING(bytes);
    jstring result = (*env)->NewString(env, units, (jsize)(PyBytes_GET_SIZE(bytes) / 2));
    Py_DECREF(bytes);
    Py_DECREF(reply);
    Py_DECREF(text);
    PyGILState_Release(gil);
    return result;
}
