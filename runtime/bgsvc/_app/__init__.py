"""The module functions of `bgsvc`, and the runtime of this process that they act on."""
