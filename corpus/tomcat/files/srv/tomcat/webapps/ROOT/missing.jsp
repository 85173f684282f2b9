<%@ page isErrorPage="true" %>No such page
